// Words cut as GPT-2 cuts them. The expected ones are what its regular expression gives for each line.
#include "support/catch.hpp"
#include "support/random_bytes.hpp"
#include "tokenizer/words.hpp"

using namespace moelm;

namespace {

std::vector<std::string> cut(const std::string& text) {
  std::vector<Word> words;
  split_gpt2(text, words);
  std::vector<std::string> found;
  for (const Word& word : words) found.emplace_back(word.in(text));
  return found;
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("letters, digits and other characters each with the space before them") {
  CHECK(cut("Hello world") == Words{"Hello", " world"});
  CHECK(cut("in 1984, she said: \"No!\"") == Words{"in", " 1984", ",", " she", " said", ":", " \"", "No", "!\""});
  CHECK(cut("3.14") == Words{"3", ".", "14"});
  CHECK(cut("中文 x") == Words{"中文", " x"});
  CHECK(cut("e\xCC\x81t") == Words{"e", "\xCC\x81", "t"});  // a mark is not a letter
  CHECK(cut("").empty());
}

TEST_CASE("contractions stand alone, in lower case only") {
  CHECK(cut("it's we'll they've I'm you're he'd can't") ==
        Words{"it", "'s", " we", "'ll", " they", "'ve", " I", "'m", " you", "'re", " he", "'d", " can", "'t"});
  CHECK(cut("IT'S 'em \"'s") == Words{"IT", "'", "S", " '", "em", " \"'", "s"});
  CHECK(cut("'save") == Words{"'s", "ave"});
}

TEST_CASE("of white space the last character is left to what follows") {
  CHECK(cut("a  b") == Words{"a", " ", " b"});
  CHECK(cut("a \t b") == Words{"a", " \t", " b"});
  CHECK(cut("a \tb") == Words{"a", " ", "\t", "b"});
  CHECK(cut("a\tb") == Words{"a", "\t", "b"});
  CHECK(cut("a \xC2\xA0"
            "b") == Words{"a", " ", "\xC2\xA0", "b"});
  CHECK(cut("a   ") == Words{"a", "   "});
  CHECK(cut("   ") == Words{"   "});
}

TEST_CASE("a newline is a word, and lines are cut alone") {
  CHECK(cut("a  \n\n  b\n") == Words{"a", "  ", "\n", "\n", " ", " b", "\n"});
  CHECK(cut("a\r\nb") == Words{"a", "\r", "\n", "b"});
}

TEST_CASE("words that are too long are cut between characters") {
  CHECK(cut(std::string(300, '-')) == Words{std::string(128, '-'), std::string(128, '-'), std::string(44, '-')});
  std::string word = "x";
  for (int i = 0; i < 70; ++i) word += "\xD0\xB6";
  const Words found = cut(word);
  REQUIRE(found.size() == 2);
  CHECK(found[0].size() == 127);
  CHECK(found[0] + found[1] == word);
}

TEST_CASE("the words of any bytes are the bytes") {
  RandomBytes random(5);
  for (int round = 0; round < 300; ++round) {
    std::string text;
    for (std::uint64_t n = random.below(60); n > 0; --n)
      text += random.below(3) == 0 ? static_cast<char>(random.below(256)) : "a '\n\t1-s"[random.below(8)];
    std::string joined;
    for (const std::string& word : cut(text)) {
      CHECK_FALSE(word.empty());
      joined += word;
    }
    CHECK(joined == text);
  }
}
