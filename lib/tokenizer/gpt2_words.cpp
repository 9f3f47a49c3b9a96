// How GPT-2 cuts a line into words. Its regular expression, which most ByteLevel tokenizers of Hugging Face use:
//   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
#include <algorithm>
#include <array>
#include <string_view>

#include "base/unicode.hpp"
#include "base/utf8.hpp"
#include "tokenizer/words.hpp"

namespace moelm {

namespace {

enum class Group { letter, digit, space, other };

Group group_of(CharacterClass kind) {
  switch (kind) {
    case CharacterClass::letter:
    case CharacterClass::ideograph:
      return Group::letter;
    case CharacterClass::digit:
      return Group::digit;
    case CharacterClass::space:
    case CharacterClass::line_end:
      return Group::space;
    case CharacterClass::mark:
    case CharacterClass::other:
      break;
  }
  return Group::other;
}

/// A run of characters of one group.
struct Run {
  std::size_t end = 0;
  std::size_t last = 0;  ///< where its last character begins
};

Run run_of(std::string_view line, std::size_t begin) {
  const Group group = group_of(classify(line, begin).kind);
  Run run{begin, begin};
  while (run.end < line.size()) {
    const ClassifiedCharacter character = classify(line, run.end);
    if (group_of(character.kind) != group) break;
    run.last = run.end;
    run.end += character.length;
  }
  return run;
}

/// The length of a contraction such as 're, or 0.
std::size_t contraction(std::string_view rest) {
  constexpr std::array<std::string_view, 7> kContractions = {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"};
  for (const std::string_view one : kContractions)
    if (rest.starts_with(one)) return one.size();
  return 0;
}

std::size_t word_end(std::string_view line, std::size_t begin) {
  if (const std::size_t length = contraction(line.substr(begin)); length > 0) return begin + length;
  const std::size_t next = begin + 1;
  if (line[begin] == ' ' && next < line.size() && group_of(classify(line, next).kind) != Group::space)
    return run_of(line, next).end;
  const Run run = run_of(line, begin);
  const bool leaves_one = group_of(classify(line, begin).kind) == Group::space && run.end < line.size();
  return leaves_one && run.last > begin ? run.last : run.end;
}

/// The end of the first piece of a word: the word itself, unless it is longer than a word of bpe may be.
std::size_t piece_end(std::string_view text, std::size_t begin, std::size_t end) {
  if (end - begin <= kMaxBpeWordBytes) return end;
  std::size_t piece = begin;
  for (;;) {
    const std::size_t length = decode_utf8(text.substr(piece)).length;
    if (piece + length - begin > kMaxBpeWordBytes) return piece;
    piece += length;
  }
}

}  // namespace

void split_gpt2(std::string_view text, std::vector<Word>& words) {
  const auto push = [&](std::size_t begin, std::size_t end) {
    while (begin < end) {
      const std::size_t piece = piece_end(text, begin, end);
      words.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(piece - begin)});
      begin = piece;
    }
  };
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t line_end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(0, line_end);
    for (std::size_t begin = at; begin < line_end;) {
      const std::size_t end = word_end(line, begin);
      push(begin, end);
      begin = end;
    }
    if (line_end < text.size()) push(line_end, line_end + 1);
    at = line_end + 1;
  }
}

}  // namespace moelm
