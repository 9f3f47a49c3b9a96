#include "io/sealed_json.hpp"

#include <algorithm>
#include <limits>

#include "base/check.hpp"
#include "base/error.hpp"
#include "io/checksum.hpp"

namespace moelm {

namespace {

constexpr std::string_view kKey = "checksum";
constexpr std::string_view kOpen = ",\n \"checksum\": \"";
constexpr std::string_view kClose = "\"\n}\n";
constexpr std::string_view kBareEnd = "\n}";
constexpr std::size_t kDigits = 64;

/// The seal of an object whose text, less the closing brace, is `body`.
std::string seal_of(std::string_view body) {
  Sha256 checksum;
  checksum.add(body);
  checksum.add(kBareEnd);
  return std::string(kOpen) + checksum.finish() + std::string(kClose);
}

/// The text of an object less the closing brace.
std::string body_of(const Json& object, SealedLayout layout) {
  if (layout == SealedLayout::indented) {
    std::string text = json_text(object, 1);
    text.resize(text.size() - kBareEnd.size());
    return text;
  }
  std::string text = "{";
  for (const auto& [key, value] : object.items())
    text += (text.size() == 1 ? "\n " : ",\n ") + json_text(key) + ": " + json_text(value);
  return text;
}

}  // namespace

std::string sealed_json_text(const Json& object, SealedLayout layout) {
  ensure(object.is_object() && !object.empty() && !object.contains(kKey), "an object without a seal");
  const std::string body = body_of(object, layout);
  return body + seal_of(body);
}

Json parse_sealed_json(std::string_view text, std::string_view name, const JsonLimits& limits) {
  Json object = parse_json(text, name, limits);
  const std::size_t seal_bytes = kOpen.size() + kDigits + kClose.size();
  if (!object.is_object() || !object.contains(kKey) || text.size() < seal_bytes)
    throw Error(Exit::bad_data, std::string(name) + ": checksum: missing; the file is cut off or not one of ours");
  const std::string_view body = text.substr(0, text.size() - seal_bytes);
  const std::string expected = seal_of(body);
  if (text.substr(body.size()) != expected)
    throw Error(Exit::bad_data, std::string(name) + ": checksum: expected " + expected.substr(kOpen.size(), kDigits) +
                                    ", found another; the file was changed or damaged");
  return object;
}

void require_format(const JsonField& root, std::string_view format, Index version, std::string_view remedy, Exit exit) {
  if (root.at("format").text() != format) root.at("format").refuse("\"" + std::string(format) + "\"");
  const Index found = root.at("version").integer(0, std::numeric_limits<Index>::max());
  if (found == version) return;
  throw Error(exit, root.place("version") + ": expected " + std::to_string(version) + ", found " +
                        std::to_string(found) + "; " + (found < version ? std::string(remedy) : "use a newer moelm"));
}

void refuse_unknown_keys(const JsonField& object, std::initializer_list<std::string_view> known) {
  if (!object.value().is_object()) object.refuse("an object");
  for (const auto& item : object.value().items())
    if (item.key() != kKey && std::find(known.begin(), known.end(), item.key()) == known.end())
      throw Error(Exit::bad_data, object.place(excerpt(item.key())) +
                                      ": unknown key; the file is from a newer version or not one of ours");
}

}  // namespace moelm
