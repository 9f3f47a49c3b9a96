#include "tokenizer/words.hpp"

#include <string>
#include <vector>

#include "base/unicode.hpp"
#include "support/catch.hpp"
#include "support/random_bytes.hpp"

namespace moelm {
namespace {

std::vector<std::string> split(SplitFunction splitter, const std::string& text) {
  std::vector<Word> words;
  splitter(text, words);
  std::vector<std::string> result;
  for (const Word& word : words) result.push_back(word.is_line_end() ? "</s>" : std::string(word.in(text)));
  return result;
}

using Strings = std::vector<std::string>;

TEST_CASE("text keeps words and numbers whole and everything else apart") {
  const auto text = [](const std::string& s) { return split(split_text, s); };
  CHECK(text("") == Strings{});
  CHECK(text("In the beginning, God\n") == Strings{"In", "the", "beginning", ",", "God", "</s>"});
  CHECK(text("don't 'tis dogs' rock'n'roll") == Strings{"don't", "'", "tis", "dogs", "'", "rock'n'roll"});
  CHECK(text("don’t") == Strings{"don’t"});
  CHECK(text("well-known (x_1) -- ...") ==
        Strings{"well", "-", "known", "(", "x", "_", "1", ")", "-", "-", ".", ".", "."});
  CHECK(text("1,234.56 3.14. 7,") == Strings{"1,234.56", "3.14", ".", "7", ","});
  CHECK(text("3rd A4") == Strings{"3", "rd", "A", "4"});
  CHECK(text("naïve Straße Ελλάδα Москва") == Strings{"naïve", "Straße", "Ελλάδα", "Москва"});
  CHECK(text("e\xCC\x81t\xCC\x81") == Strings{"e\xCC\x81t\xCC\x81"});  // combining acute accents
  CHECK(text("漢字かな カタカナ") == Strings{"漢", "字", "か", "な", "カタカナ"});
  CHECK(text("a\xC2\xA0"
             "b\xE3\x80\x80"
             "c\td\r\n\n") == Strings{"a", "b", "c", "d", "</s>", "</s>"});
  CHECK(text("<unk> </s>") == Strings{"<", "unk", ">", "<", "/", "s", ">"});
  CHECK(text("👍🏽!") == Strings{"👍", "🏽", "!"});
}

TEST_CASE("word cuts at white space and nowhere else") {
  const auto word = [](const std::string& s) { return split(split_white_space, s); };
  CHECK(word(" = Robert <unk> = \n \n") == Strings{"=", "Robert", "<unk>", "=", "</s>", "</s>"});
  CHECK(word("a,b\tc\xC2\xA0"
             "d") == Strings{"a,b", "c", "d"});
}

TEST_CASE("bpe words carry the space before them and lose nothing") {
  const auto bpe = [](const std::string& s) { return split(split_bpe, s); };
  CHECK(bpe("Hello world, it's 42!\n\nNext") ==
        Strings{"Hello", " world", ",", " it's", " 42", "!", "\n", "\n", "Next"});
  CHECK(bpe("a   b") == Strings{"a", "  ", " b"});
  CHECK(bpe("a  \n b\t\tc ") == Strings{"a", "  ", "\n", " b", "\t\t", "c", " "});
  CHECK(bpe("== x ==") == Strings{"==", " x", " =="});
}

TEST_CASE("bpe words in sequence are the text, whatever its bytes") {
  std::uint32_t state = 1;
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (int i = 0; i < 40; ++i) {
      state = state * 1664525u + 1013904223u;
      const char* const kinds[] = {" ", "\n", "a", "\xC3", "\xA9", "7", "'", "\xE2\x80\xA9", "\xFF", "\r"};
      text += kinds[state >> 24 & 7u] + std::string(1, static_cast<char>(state >> 16));
    }
    std::vector<Word> words;
    split_bpe(text, words);
    std::size_t end = 0;
    for (const Word& word : words) {
      REQUIRE(word.begin == end);
      REQUIRE((word.length > 0 && word.length <= kMaxBpeWordBytes));
      end += word.length;
    }
    REQUIRE(end == text.size());
  }
}

/// The rules of split_text and split_white_space, one character after another.
Strings split_slowly(const std::string& text, bool at_space_only) {
  using Class = CharacterClass;
  Strings words;
  const auto kind_at = [&](std::size_t i) { return i < text.size() ? classify(text, i).kind : Class::space; };
  for (std::size_t i = 0; i < text.size();) {
    const ClassifiedCharacter first = classify(text, i);
    std::size_t end = i + first.length;
    if (first.kind == Class::line_end) words.push_back("</s>");
    if (first.kind == Class::line_end || first.kind == Class::space) {
      i = end;
      continue;
    }
    while (end < text.size()) {
      const ClassifiedCharacter c = classify(text, end);
      const bool letters = first.kind == Class::letter, digits = first.kind == Class::digit;
      bool belongs =
          c.kind == Class::mark || (letters && c.kind == Class::letter) || (digits && c.kind == Class::digit);
      if (letters && (c.code == '\'' || c.code == 0x2019)) belongs = kind_at(end + c.length) == Class::letter;
      if (digits && (c.code == '.' || c.code == ',')) belongs = kind_at(end + c.length) == Class::digit;
      if (at_space_only) belongs = c.kind != Class::space && c.kind != Class::line_end;
      if (!belongs || end + c.length - i > kMaxWordBytes) break;
      end += c.length;
    }
    words.push_back(text.substr(i, end - i));
    i = end;
  }
  return words;
}

TEST_CASE("words found eight bytes at a time are those found one by one") {
  RandomBytes random(9);
  const std::vector<std::string> ends = {" ",  "\n", "'", ".", "\xC3\xA9", "\xCC\x81", "\xE2\x80\x99", "7", "\xC2\xA0",
                                         "\t", "@",  "[", "`", "{",        "\x01",     "\x7F",         ",", "\xFF"};
  for (int round = 0; round < 4000; ++round) {
    std::string text;
    for (std::uint64_t pieces = random.below(12); pieces > 0; --pieces) {
      for (std::uint64_t n = random.below(random.below(9) == 0 ? 1100 : 20); n > 0; --n)
        text += static_cast<char>((random.below(2) == 0 ? 'a' : 'A') + random.below(26));
      text += ends[random.below(ends.size())];
    }
    REQUIRE(split(split_text, text) == split_slowly(text, false));
    REQUIRE(split(split_white_space, text) == split_slowly(text, true));
  }
}

TEST_CASE("endless words are cut into pieces between characters") {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "é";
  for (const SplitFunction splitter : {split_text, split_white_space, split_bpe}) {
    std::string joined;
    for (const std::string& word : split(splitter, text)) {
      CHECK(word.size() % 2 == 0);
      CHECK(word.size() <= kMaxWordBytes);
      joined += word;
    }
    CHECK(joined == text);
  }
}

TEST_CASE("space-separated stretches are counted") {
  CHECK(count_space_separated("") == 0);
  CHECK(count_space_separated(" \n\t") == 0);
  CHECK(count_space_separated("a bc\nd\xC3\xA9 ") == 3);
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "w ";
  CHECK(count_space_separated(many) == 1000);
  CHECK(count_space_separated(many + "w") == 1001);
}

}  // namespace
}  // namespace moelm
