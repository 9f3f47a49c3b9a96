#include "text/text_repair.hpp"

#include <algorithm>

#include "base/utf8.hpp"

namespace moelm {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr unsigned char kFirstLatin1Letter = 0xC0;

/// Calls keep(begin, end) for every part of `raw` that stays and replace() for every malformed sequence, in order.
template <class Keep, class Replace>
void walk(std::string_view raw, TextFaults& faults, const Keep& keep, const Replace& replace) {
  std::size_t start = 0, i = 0;
  std::size_t next_return = raw.find('\r');
  while (i < raw.size()) {
    if (i == next_return) {
      if (i + 1 < raw.size() && raw[i + 1] == '\n') {
        keep(start, i);
        start = i + 1;
        ++faults.carriage_returns;
      }
      next_return = raw.find('\r', ++i);
      continue;
    }
    i += ascii_prefix(raw.substr(i, std::min(next_return, raw.size()) - i));
    if (i == raw.size() || i == next_return) continue;
    const Utf8Character character = decode_utf8(raw.substr(i));
    if (!character.valid) {
      keep(start, i);
      start = i + character.length;
      ++faults.malformed;
      faults.lone_letters += character.length == 1 && static_cast<unsigned char>(raw[i]) >= kFirstLatin1Letter ? 1 : 0;
      replace();
    }
    i += character.length;
  }
  keep(start, raw.size());
}

}  // namespace

std::string_view repair_text(std::string_view raw, std::string& buffer, TextFaults& faults) {
  TextFaults found;
  buffer.clear();
  walk(
      raw, found,
      [&](std::size_t begin, std::size_t end) {
        // If the first part reaches the end, nothing has to be repaired.
        if (end - begin < raw.size()) buffer.append(raw.substr(begin, end - begin));
      },
      [&] { buffer.append(kReplacement); });
  faults.add(found);
  return found.any() ? std::string_view(buffer) : raw;
}

void count_text_faults(std::string_view raw, TextFaults& faults) {
  walk(
      raw, faults, [](std::size_t, std::size_t) {}, [] {});
}

}  // namespace moelm
