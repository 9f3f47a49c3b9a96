// Encoding and decoding by the four tokenizers, and what is told about every token.
#include "tokenizer/tokenizer.hpp"

#include <algorithm>

#include "support/catch.hpp"
#include "support/random_bytes.hpp"
#include "text/text_blocks.hpp"
#include "tokenizer/bpe_tokenizer.hpp"
#include "tokenizer/byte_tokenizer.hpp"
#include "tokenizer/vocabulary_tokenizer.hpp"

using namespace moelm;

namespace {

std::unique_ptr<Tokenizer> word_tokenizer(const std::vector<std::string>& words, bool lowercase = false,
                                          TokenizerKind kind = TokenizerKind::word) {
  Vocabulary vocabulary;
  for (const std::string& word : words) vocabulary.words.add(word);
  vocabulary.counts.resize(words.size());
  return make_vocabulary_tokenizer(kind, lowercase, std::move(vocabulary));
}

std::unique_ptr<Tokenizer> byte_tokenizer() { return make_byte_tokenizer(std::vector<Index>(257)); }

/// "th" "the" " the" and two useless ones.
std::unique_ptr<Tokenizer> bpe_tokenizer() {
  std::vector<Merge> merges = {{'t', 'h'}, {256, 'e'}, {' ', 257}, {'a', 'a'}, {259, 259}};
  return make_bpe_tokenizer(merges, std::vector<Index>(merges.size() + 257));
}

EncodedText encode(const Tokenizer& tokenizer, const std::string& text) {
  EncodedText out;
  out.keep_surface = true;
  tokenizer.encode(text, out);
  REQUIRE(out.flags.size() == out.ids.size());
  REQUIRE(out.surface_ends.size() == out.ids.size());
  return out;
}

using Ids = std::vector<std::int32_t>;
using Flags = std::vector<TokenFlag>;

}  // namespace

TEST_CASE("words become ids; unknown words and <unk> itself are told apart") {
  const auto tokenizer = word_tokenizer({"the", "</s>", "<unk>", "cat"});
  const EncodedText out = encode(*tokenizer, "the dog <unk>\n\ncat </s> the\r\n");
  CHECK(out.ids == Ids{0, 2, 2, 1, 1, 3, 2, 0, 1});
  const auto p = TokenFlag::plain, u = TokenFlag::unknown_word, l = TokenFlag::literal_unknown;
  CHECK(out.flags == Flags{p, u, l, p, p, p, u, p, p});  // </s> in the text is not a line end
  CHECK(out.line_ends == std::vector<Index>{4, 5, 9});
  CHECK(out.words == 6);
  CHECK(out.unknown_words == 2);
  CHECK(out.literal_unknown == 1);
  CHECK(out.bytes == 29);
  CHECK(out.faults.carriage_returns == 1);
  CHECK(out.surface_text(1) == "dog");
  CHECK(out.surface_text(6) == "</s>");
  CHECK(out.surface_text(8) == "\n");
  CHECK(tokenizer->decode(out.ids) == "the <unk> <unk>\n\ncat <unk> the\n");
  CHECK_FALSE(tokenizer->keeps_bytes());
}

TEST_CASE("a line is closed once, with or without its line end") {
  const auto tokenizer = word_tokenizer({"</s>", "<unk>", "a"});
  for (const std::string line : {"a a", "a a\n", "a a\r\n"}) {
    EncodedText out;
    tokenizer->encode_line(line, out);
    CHECK(out.ids == Ids{2, 2, 0});
    CHECK(out.lines() == 1);
    CHECK(out.bytes == static_cast<Index>(line.size()));
  }
  EncodedText out;
  tokenizer->encode_line("", out);
  CHECK(out.ids == Ids{0});
  tokenizer->end_document(out);
  CHECK(out.ids == Ids{0});
}

TEST_CASE("lower case is taken before words are looked up") {
  const auto tokenizer = word_tokenizer({"</s>", "<unk>", "straße", "école", "word"}, true, TokenizerKind::text);
  const EncodedText out = encode(*tokenizer, "STRAßE École WORD");
  CHECK(out.ids == Ids{2, 3, 4});
  CHECK(tokenizer->lowercase());
}

TEST_CASE("malformed text is repaired for words and kept for bytes") {
  const auto words = word_tokenizer({"</s>", "<unk>", "a\xEF\xBF\xBD"});
  CHECK(encode(*words, "a\xFF").ids == Ids{2});
  CHECK(encode(*words, "a\xFF").faults.malformed == 1);
  const EncodedText out = encode(*byte_tokenizer(), "a\xFF\r\n");
  CHECK(out.ids == Ids{'a', 255, '\r', '\n'});
  CHECK(out.faults.malformed == 1);
  CHECK(out.faults.carriage_returns == 1);
}

TEST_CASE("bytes are ids, and </s> ends a document") {
  const auto tokenizer = byte_tokenizer();
  EncodedText out = encode(*tokenizer, "ab c\nd");
  tokenizer->end_line(out);
  tokenizer->end_document(out);
  CHECK(out.ids == Ids{'a', 'b', ' ', 'c', '\n', 'd', 256});
  CHECK(out.line_ends == std::vector<Index>{5, 7});
  CHECK(out.words == 3);
  CHECK(tokenizer->line_end_id() == '\n');
  CHECK(tokenizer->unknown_id() == -1);
  CHECK(tokenizer->decode(out.ids) == "ab c\nd");
}

TEST_CASE("merges apply in their order, whole words at once") {
  const auto tokenizer = bpe_tokenizer();
  CHECK(encode(*tokenizer, "the the").ids == Ids{257, 258});
  CHECK(encode(*tokenizer, "then thaw\n").ids == Ids{257, 'n', ' ', 256, 'a', 'w', '\n'});
  CHECK(encode(*tokenizer, "aaa").ids == Ids{259, 'a'});
  CHECK(encode(*tokenizer, "aaaaa").ids == Ids{260, 'a'});
  CHECK(tokenizer->end_id() == 261);
  CHECK(tokenizer->token_text(258) == " the");
  CHECK(tokenizer->vocabulary_size() == 262);
}

namespace {

/// The definition: the earliest merge that fits anywhere is applied, until none fits; but what is a token as a whole is
/// that token.
Ids merge_slowly(const Tokenizer& tokenizer, const std::vector<Merge>& merges, const std::string& word) {
  for (std::int32_t id = 0; id < tokenizer.end_id(); ++id)
    if (tokenizer.token_text(id) == word) return {id};
  Ids ids;
  for (const char c : word) ids.push_back(static_cast<unsigned char>(c));
  for (std::size_t m = 0; m < merges.size();) {
    Ids joined;
    for (std::size_t i = 0; i < ids.size(); ++i)
      if (i + 1 < ids.size() && ids[i] == merges[m][0] && ids[i + 1] == merges[m][1])
        joined.push_back(static_cast<std::int32_t>(256 + m)), ++i;
      else
        joined.push_back(ids[i]);
    m = joined.size() < ids.size() ? 0 : m + 1;
    ids = std::move(joined);
  }
  return ids;
}

/// Merges that grow at random out of three letters.
std::vector<Merge> random_merges(RandomBytes& random) {
  std::vector<Merge> merges;
  std::vector<std::size_t> sizes(256, 1);
  while (merges.size() < 30) {
    const auto pick = [&] {
      const auto one = static_cast<std::int32_t>(random.below(3 + merges.size()));
      return one < 3 ? 'a' + one : 253 + one;
    };
    const Merge merge = {pick(), pick()};
    const std::size_t size = sizes[static_cast<std::size_t>(merge[0])] + sizes[static_cast<std::size_t>(merge[1])];
    if (size > 20 || std::find(merges.begin(), merges.end(), merge) != merges.end()) continue;
    merges.push_back(merge);
    sizes.push_back(size);
  }
  return merges;
}

}  // namespace

TEST_CASE("merges are those of the definition, in words alone and in long texts") {
  RandomBytes random(11);
  for (int round = 0; round < 40; ++round) {
    const std::vector<Merge> merges = random_merges(random);
    const auto tokenizer = make_bpe_tokenizer(merges, std::vector<Index>(merges.size() + 257));
    std::string text;
    Ids expected;
    for (int w = 0; w < 60; ++w) {
      std::string word;
      for (std::uint64_t n = 1 + random.below(14); n > 0; --n) word += static_cast<char>('a' + random.below(4));
      const Ids ids = merge_slowly(*tokenizer, merges, word);
      REQUIRE(encode(*tokenizer, word).ids == ids);
      text += word + "\n";
      expected.insert(expected.end(), ids.begin(), ids.end());
      expected.push_back('\n');
    }
    std::string long_text;
    while (long_text.size() < 100'000) long_text += text;
    const Ids ids = encode(*tokenizer, long_text).ids;
    REQUIRE(ids.size() == expected.size() * (long_text.size() / text.size()));
    for (std::size_t i = 0; i < ids.size(); ++i)
      if (ids[i] != expected[i % expected.size()]) FAIL("token " << i);
  }
}

TEST_CASE("byte and bpe give back the very bytes") {
  RandomBytes random(21);
  const auto bytes = byte_tokenizer(), pieces = bpe_tokenizer();
  for (int round = 0; round < 3000; ++round) {
    std::string text = random.bytes(random.below(60));
    for (int i = 0; i < 10; ++i) text += std::vector<std::string>{"the", " ", "aa", "\n", " the"}[random.below(5)];
    for (const Tokenizer* tokenizer : {bytes.get(), pieces.get()}) {
      const EncodedText out = encode(*tokenizer, text);
      REQUIRE(tokenizer->decode(out.ids) == text);
      REQUIRE(out.surface == text);
      REQUIRE(out.bytes == static_cast<Index>(text.size()));
    }
  }
}

TEST_CASE("text in parts, cut as blocks are, has the same tokens as in one piece") {
  RandomBytes random(5);
  std::string text;
  while (text.size() < std::size_t{3} * kTextBlockBytes) {
    text += std::string(random.below(2000), 'a') + (random.below(500) == 0 ? "\n" : "");
    if (random.below(3) == 0) text += " ";
  }
  text += std::string(std::size_t{2} * kTextBlockBytes, 'a') + " end\n";  // a word longer than a block
  const auto words = word_tokenizer({"</s>", "<unk>", "a"}), bytes = byte_tokenizer(), pieces = bpe_tokenizer();
  for (const Tokenizer* tokenizer : {words.get(), bytes.get(), pieces.get()}) {
    EncodedText whole, parts;
    tokenizer->encode(text, whole);
    std::string_view rest = text;
    while (!rest.empty()) {
      const std::size_t size =
          rest.size() < kTextBlockBytes ? rest.size() : text_cut(rest.substr(0, std::size_t{kTextBlockBytes}));
      tokenizer->encode(rest.substr(0, size), parts);
      rest.remove_prefix(size);
    }
    CHECK(whole.ids == parts.ids);
    CHECK(whole.line_ends == parts.line_ends);
    CHECK(whole.bytes == parts.bytes);
  }
}

TEST_CASE("lines by themselves have the tokens that they have in a text") {
  const std::string text = "the cat\n\n the  dog \nthe end";
  for (const auto& tokenizer : {word_tokenizer({"the", "</s>", "<unk>", "cat"}), byte_tokenizer(), bpe_tokenizer()}) {
    EncodedText whole, lines;
    tokenizer->encode(text, whole);
    tokenizer->end_line(whole);
    for (const std::string line : {"the cat\n", "\n", " the  dog \n", "the end"}) tokenizer->encode_line(line, lines);
    CHECK(whole.ids == lines.ids);
    CHECK(whole.line_ends == lines.line_ends);
    CHECK(whole.words == lines.words);
  }
}
