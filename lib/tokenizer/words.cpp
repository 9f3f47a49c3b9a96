#include "tokenizer/words.hpp"

#include <algorithm>
#include <initializer_list>

#include "base/bytes.hpp"
#include "base/check.hpp"
#include "base/unicode.hpp"

namespace moelm {

namespace {

using Class = CharacterClass;

constexpr char32_t kRightQuote = 0x2019;

bool is_letter(Class kind) { return kind == Class::letter || kind == Class::mark; }

bool class_at(std::string_view text, std::size_t position, Class kind) {
  return position < text.size() && classify(text, position).kind == kind;
}

/// Reserves room for the expected number of words.
void expect_words(std::string_view text, std::vector<Word>& words) {
  constexpr std::size_t kBytesOfWord = 5;
  words.reserve(words.size() + text.size() / kBytesOfWord);
}

Word word_between(std::size_t begin, std::size_t end) {
  return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end - begin)};
}

using Classes = unsigned;
constexpr Classes classes(std::initializer_list<Class> kinds) {
  Classes set = 0;
  for (const Class kind : kinds) set |= 1u << static_cast<unsigned>(kind);
  return set;
}
constexpr Classes kLetters = classes({Class::letter}), kDigits = classes({Class::digit}),
                  kNotSpace = classes({Class::letter, Class::digit, Class::other});

/// Skips eight ASCII characters at a time while none is marked. Returns the place of a marked one or of the first
/// unchecked one.
template <class Mark>
std::size_t skip_unmarked(std::string_view text, std::size_t position, std::size_t stop, const Mark& mark) {
  for (; position < stop && position + 8 <= text.size(); position += 8)
    if (const std::uint64_t marks = mark(load_little<std::uint64_t>(text.data() + position)); marks != 0)
      return std::min(stop, position + eight::before_mark(marks));
  return std::min(stop, position);
}

/// Skips ASCII characters of some classes: a fast path for most text.
std::size_t skip_ascii(std::string_view text, std::size_t position, std::size_t stop, Classes set) {
  if (set == kLetters) position = skip_unmarked(text, position, stop, eight::not_letters);
  if (set == kNotSpace) position = skip_unmarked(text, position, stop, eight::not_visible);
  while (position < stop) {
    const auto byte = static_cast<unsigned char>(text[position]);
    if (byte >= 128 || (set >> static_cast<unsigned>(kAsciiClasses[byte]) & 1u) == 0) break;
    ++position;
  }
  return position;
}

/// Extends a word from `end` by ASCII characters of the classes `always` and by those for which
/// `belongs(character, position)` holds, to at most `max_bytes` from `begin`.
template <class Belongs>
std::size_t run_end(std::string_view text, std::size_t begin, std::size_t end, std::size_t max_bytes, Classes always,
                    const Belongs& belongs) {
  const std::size_t stop = std::min(text.size(), begin + max_bytes);
  for (;;) {
    end = skip_ascii(text, end, stop, always);
    if (end >= stop) break;
    const ClassifiedCharacter character = classify(text, end);
    if (!belongs(character, end) || end + character.length - begin > max_bytes) break;
    end += character.length;
  }
  return end;
}

/// The end of the letters, with apostrophes between them, that continue at `end`.
std::size_t letters_end(std::string_view text, std::size_t begin, std::size_t end, std::size_t max_bytes) {
  return run_end(text, begin, end, max_bytes, kLetters, [&](const ClassifiedCharacter& c, std::size_t at) {
    const bool apostrophe = c.code == '\'' || c.code == kRightQuote;
    return is_letter(c.kind) || (apostrophe && class_at(text, at + c.length, Class::letter));
  });
}

std::size_t number_end(std::string_view text, std::size_t begin, std::size_t end, std::size_t max_bytes) {
  return run_end(text, begin, end, max_bytes, kDigits, [&](const ClassifiedCharacter& c, std::size_t at) {
    const bool separator = c.code == '.' || c.code == ',';
    return c.kind == Class::digit || c.kind == Class::mark ||
           (separator && class_at(text, at + c.length, Class::digit));
  });
}

std::size_t text_word_end(std::string_view text, std::size_t begin, const ClassifiedCharacter& first) {
  const std::size_t next = begin + first.length;
  if (first.kind == Class::letter) return letters_end(text, begin, next, kMaxWordBytes);
  if (first.kind == Class::digit) return number_end(text, begin, next, kMaxWordBytes);
  return run_end(text, begin, next, kMaxWordBytes, Classes{},
                 [](const ClassifiedCharacter& c, std::size_t) { return c.kind == Class::mark; });
}

/// The end of a run that starts with a visible character.
std::size_t bpe_run_end(std::string_view text, std::size_t begin, std::size_t at) {
  const ClassifiedCharacter first = classify(text, at);
  const std::size_t next = at + first.length;
  if (is_letter(first.kind)) return letters_end(text, begin, next, kMaxBpeWordBytes);
  return run_end(text, begin, next, kMaxBpeWordBytes, classes({first.kind}),
                 [&](const ClassifiedCharacter& c, std::size_t) {
                   return c.kind == first.kind || (c.kind == Class::mark && first.kind != Class::other);
                 });
}

/// The end of a run of white space, whose last space belongs to the following word.
std::size_t bpe_space_end(std::string_view text, std::size_t begin) {
  const std::size_t end = run_end(text, begin, begin, kMaxBpeWordBytes, classes({Class::space}),
                                  [](const ClassifiedCharacter& c, std::size_t) { return c.kind == Class::space; });
  const bool word_follows = end < text.size() && text[end - 1] == ' ' && !class_at(text, end, Class::line_end) &&
                            !class_at(text, end, Class::space);
  return word_follows && end - begin > 1 ? end - 1 : end;
}

std::size_t bpe_word_end(std::string_view text, std::size_t begin) {
  const ClassifiedCharacter first = classify(text, begin);
  if (first.kind == Class::line_end) return begin + 1;
  if (first.kind != Class::space) return bpe_run_end(text, begin, begin);
  const std::size_t next = begin + 1;
  const bool leads_word = text[begin] == ' ' && next < text.size() && !class_at(text, next, Class::space) &&
                          !class_at(text, next, Class::line_end);
  return leads_word ? bpe_run_end(text, begin, next) : bpe_space_end(text, begin);
}

}  // namespace

void split_text(std::string_view text, std::vector<Word>& words) {
  expect_words(text, words);
  std::size_t i = 0;
  while (i < text.size()) {
    const ClassifiedCharacter first = classify(text, i);
    if (first.kind == Class::line_end || first.kind == Class::space) {
      if (first.kind == Class::line_end) words.push_back(word_between(i, i));
      i += first.length;
      continue;
    }
    const std::size_t end = text_word_end(text, i, first);
    words.push_back(word_between(i, end));
    i = end;
  }
}

void split_white_space(std::string_view text, std::vector<Word>& words) {
  expect_words(text, words);
  std::size_t i = 0;
  while (i < text.size()) {
    const ClassifiedCharacter first = classify(text, i);
    if (first.kind == Class::line_end || first.kind == Class::space) {
      if (first.kind == Class::line_end) words.push_back(word_between(i, i));
      i += first.length;
      continue;
    }
    const std::size_t end = run_end(
        text, i, i + first.length, kMaxWordBytes, kNotSpace,
        [](const ClassifiedCharacter& c, std::size_t) { return c.kind != Class::space && c.kind != Class::line_end; });
    words.push_back(word_between(i, end));
    i = end;
  }
}

void split_bpe(std::string_view text, std::vector<Word>& words) {
  expect_words(text, words);
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t end = bpe_word_end(text, i);
    words.push_back(word_between(i, end));
    i = end;
  }
}

Index count_space_separated(std::string_view text) {
  const auto space = [](char c) { return unsigned{c == ' ' || (c >= '\t' && c <= '\r')}; };
  if (text.empty()) return 0;
  Index count = 1 - Index{space(text[0])};
  // Sums of eight bits, so that the compiler can vectorise them.
  for (std::size_t begin = 1; begin < text.size(); begin += 255) {
    const std::size_t end = std::min(text.size(), begin + 255);
    std::uint8_t starts = 0;
    for (std::size_t i = begin; i < end; ++i)
      starts = static_cast<std::uint8_t>(starts + ((1 - space(text[i])) & space(text[i - 1])));
    count += starts;
  }
  return count;
}

SplitFunction splitter_of(TokenizerKind kind) {
  ensure(kind != TokenizerKind::byte, "bytes are not split into words");
  if (kind == TokenizerKind::text) return split_text;
  return kind == TokenizerKind::word ? split_white_space : split_bpe;
}

}  // namespace moelm
