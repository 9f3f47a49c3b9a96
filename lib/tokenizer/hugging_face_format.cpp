#include "tokenizer/hugging_face_format.hpp"

#include <array>
#include <initializer_list>

#include "base/utf8.hpp"
#include "tokenizer/words.hpp"

namespace moelm {

namespace {

// The classes of base/unicode.hpp in the syntax of Oniguruma, which the tokenizers package uses. A mark continues the
// character before it; letters of scripts without spaces between words are ideographs.
constexpr std::string_view kUnspaced =
    "\\x{0E00}-\\x{0EFF}\\x{1000}-\\x{109F}\\x{1780}-\\x{17FF}\\x{2E80}-\\x{2FDF}\\x{3005}-\\x{3007}"
    "\\x{3041}-\\x{309F}\\x{3400}-\\x{4DBF}\\x{4E00}-\\x{9FFF}\\x{F900}-\\x{FAFF}\\x{20000}-\\x{3FFFF}";
constexpr std::string_view kMarks = "\\p{M}\\x{200C}\\x{200D}";

std::string joined(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) text += part;
  return text;
}

std::string letter() { return joined({"[\\p{L}&&[^", kUnspaced, "]]"}); }
std::string ideograph() { return joined({"[\\p{L}&&[", kUnspaced, "]]"}); }
std::string or_mark(std::string_view characters) { return joined({"[", characters, kMarks, "]"}); }

/// Letters with apostrophes inside, after a first character.
std::string more_letters() { return joined({"(?:", or_mark(letter()), "|['\\x{2019}](?=", letter(), "))*"}); }

/// split_text, and the end of a line, which the normalizer has made a word.
std::string text_pattern() {
  return joined(
      {"</s>|", letter(), more_letters(), "|\\p{N}(?:", or_mark("\\p{N}"), "|[.,](?=\\p{N}))*|\\S[", kMarks, "]*"});
}

/// split_bpe, but for words that are too long.
std::string bpe_pattern() {
  constexpr std::string_view kSpaces = "[\\s&&[^\\n]]+";
  return joined({"\\n| ?(?:", or_mark(letter()), more_letters(), "|\\p{N}", or_mark("\\p{N}"), "*|", ideograph(),
                 or_mark(ideograph()), "*|[^\\s\\p{L}\\p{N}", kMarks, "]+)|", kSpaces, "(?= \\S)|", kSpaces});
}

std::string hexadecimal(unsigned code) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string digits;
  for (; code > 0; code /= 16) digits.insert(digits.begin(), kDigits[code % 16]);
  return "\\x{" + digits + "}";
}

/// For each byte a character: itself where it is printable and no space, else one of those from U+0100 on.
const std::array<char32_t, 256>& byte_characters() {
  static const std::array<char32_t, 256> kCharacters = [] {
    std::array<char32_t, 256> characters{};
    char32_t next = 256;
    for (unsigned byte = 0; byte < 256; ++byte) {
      const bool printable = (byte > 0x20 && byte < 0x7F) || (byte > 0xA0 && byte != 0xAD);
      characters[byte] = printable ? char32_t{byte} : next++;
    }
    return characters;
  }();
  return kCharacters;
}

/// Cuts words of more than kMaxBpeWordBytes bytes, between two characters: after ByteLevel, a character is a byte, and
/// some of them continue a character of the text.
std::string cut_pattern() {
  std::string continues;
  for (unsigned byte = 0x80; byte < 0xC0; ++byte) continues += hexadecimal(byte_characters()[byte]);
  return ".{1," + std::to_string(kMaxBpeWordBytes) + "}(?![" + continues + "])";
}

Json split(const Json& pattern, std::string_view behavior, bool invert) {
  return {{"type", "Split"}, {"pattern", pattern}, {"behavior", behavior}, {"invert", invert}};
}

Json regex(const std::string& pattern) { return Json{{"Regex", pattern}}; }
Json literal(const std::string& text) { return Json{{"String", text}}; }

Json replace(const Json& pattern, std::string_view content) {
  return {{"type", "Replace"}, {"pattern", pattern}, {"content", content}};
}

Json sequence(std::string_view key, Json steps) { return {{"type", "Sequence"}, {key, std::move(steps)}}; }

}  // namespace

std::string byte_level_text(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) append_utf8(byte_characters()[static_cast<unsigned char>(c)], text);
  return text;
}

std::optional<std::string> bytes_of_byte_level(std::string_view text) {
  static const std::array<int, 512> kBytes = [] {
    std::array<int, 512> bytes{};
    bytes.fill(-1);
    for (int byte = 0; byte < 256; ++byte) bytes[byte_characters()[static_cast<std::size_t>(byte)]] = byte;
    return bytes;
  }();
  std::string result;
  while (!text.empty()) {
    const Utf8Character character = decode_utf8(text);
    if (!character.valid || character.code >= kBytes.size() || kBytes[character.code] < 0) return std::nullopt;
    result += static_cast<char>(kBytes[character.code]);
    text.remove_prefix(character.length);
  }
  return result;
}

std::string unused_name(const Tokenizer& tokenizer, std::string name, std::int32_t owner) {
  const auto used = [&] {
    for (std::int32_t id = 0; id < tokenizer.vocabulary_size(); ++id)
      if (id != owner && tokenizer.token_text(id) == name) return true;
    return false;
  };
  while (used()) name += kEndText;
  return name;
}

Json hugging_face_normalizer(TokenizerKind kind, bool lowercase, const std::string& foreign_end) {
  if (kind != TokenizerKind::text && kind != TokenizerKind::word) return nullptr;
  Json steps = Json::array();
  if (lowercase) {
    // The only character whose small form is two characters there.
    steps.push_back(replace(literal("\xC4\xB0"), "i"));
    steps.push_back(Json{{"type", "Lowercase"}});
  }
  steps.push_back(replace(literal("\r\n"), "\n"));
  if (kind == TokenizerKind::text)
    steps.push_back(replace(literal("</s>"), "< /s>"));  // its four words stay what they are
  else
    steps.push_back(replace(regex("(?<!\\S)</s>(?!\\S)"), foreign_end));
  steps.push_back(replace(literal("\n"), " </s> "));
  return sequence("normalizers", std::move(steps));
}

Json byte_level_step(bool gpt2) {
  return {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", gpt2}};
}

Json hugging_face_pre_tokenizer(TokenizerKind kind, BpeWords words) {
  if (kind == TokenizerKind::text) return split(regex(text_pattern()), "Removed", true);
  if (kind == TokenizerKind::word) return {{"type", "WhitespaceSplit"}};
  if (kind == TokenizerKind::byte) return byte_level_step(false);
  const bool gpt2 = words == BpeWords::gpt2;
  Json steps = Json::array();
  steps.push_back(gpt2 ? split(literal("\n"), "Isolated", false) : split(regex(bpe_pattern()), "Isolated", false));
  steps.push_back(byte_level_step(gpt2));
  steps.push_back(split(regex(cut_pattern()), "Isolated", false));
  return sequence("pretokenizers", std::move(steps));
}

bool same_rules(const Json& a, const Json& b) {
  if (!a.is_object() || !b.is_object()) {
    if (!a.is_array() || !b.is_array()) return a == b;
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
      if (!same_rules(a[i], b[i])) return false;
    return true;
  }
  const auto holds_all = [](const Json& from, const Json& in) {
    for (const auto& [key, value] : from.items())
      if (key != "trim_offsets" && (!in.contains(key) || !same_rules(value, in[key]))) return false;
    return true;
  };
  return holds_all(a, b) && holds_all(b, a);
}

}  // namespace moelm
