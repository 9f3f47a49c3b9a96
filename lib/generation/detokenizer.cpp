#include "generation/detokenizer.hpp"

#include <algorithm>
#include <utility>

#include "base/unicode.hpp"

namespace moelm {

namespace {

/// Where a character that is neither a letter nor a digit has no space.
struct Joins {
  bool before = false, after = false;
};

constexpr std::u32string_view kClosing = U".,;:!?)]}%’”»›…、。，．！？：；）」』】〉》";
constexpr std::u32string_view kOpening = U"([{“‘«‹¿¡$€£#@（「『【〈《`";
constexpr std::u32string_view kJoining = U"-/_‐‑–—~・";
constexpr std::u32string_view kWide = U"、。，．！？：；）」』】〉》（「『【〈《・";

bool is_in(std::u32string_view set, char32_t code) { return set.find(code) != std::u32string_view::npos; }

Joins joins_of(char32_t code) {
  const bool joining = is_in(kJoining, code) || is_in(kWide, code);
  return {joining || is_in(kClosing, code), joining || is_in(kOpening, code)};
}

/// A quotation mark that looks the same at both ends.
Joins quotation(bool& open) {
  open = !open;
  return {!open, open};
}

}  // namespace

void Detokenizer::follow(std::string_view text) {
  if (text.empty()) return;
  const std::string_view last = text.substr(text.rfind('\n') == std::string_view::npos ? 0 : text.rfind('\n') + 1);
  line_ = {};
  line_.start = last.empty();
  line_.double_open = std::count(last.begin(), last.end(), '"') % 2 == 1;
  line_.glue = last.ends_with(' ') || last.ends_with('\t') || (last.ends_with('"') && line_.double_open);
}

std::string Detokenizer::next(std::int32_t token) {
  if (tokenizer_.keeps_bytes()) return tokenizer_.decode({&token, 1});
  if (token == tokenizer_.end_id()) {
    line_ = {};
    return "\n";
  }
  std::string word = tokenizer_.token_text(token);
  const bool raw = tokenizer_.kind() == TokenizerKind::text;
  const bool start = std::exchange(line_.start, false);
  const bool joined = (raw ? joins_before(word) : std::exchange(line_.glue, false)) || start;
  return joined ? word : " " + word;
}

bool Detokenizer::joins_before(std::string_view word) {
  const ClassifiedCharacter first = classify(word, 0);
  const bool number = first.kind == CharacterClass::digit, ideograph = first.kind == CharacterClass::ideograph;
  Joins joins;
  if (first.code == U'"')
    joins = quotation(line_.double_open);
  else if (first.code == U'\'' && word.size() == 1)
    joins = quotation(line_.single_open);
  else if (first.kind == CharacterClass::other)
    joins = joins_of(first.code);
  const bool joined =
      line_.glue || joins.before || (number && line_.after_colon) || (ideograph && line_.after_ideograph);
  line_.after_colon = line_.after_number && first.code == U':';
  line_.after_number = number;
  line_.after_ideograph = ideograph;
  line_.glue = joins.after;
  return joined;
}

}  // namespace moelm
