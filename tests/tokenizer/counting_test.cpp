// Counts in bounded memory, the vocabulary that they give, and the merges of bpe.
#include <map>
#include <set>

#include "support/catch.hpp"
#include "support/random_bytes.hpp"
#include "support/temporary_directory.hpp"
#include "tokenizer/best_words.hpp"
#include "tokenizer/bpe_trainer.hpp"
#include "tokenizer/vocabulary_builder.hpp"
#include "tokenizer/word_counter.hpp"
#include "tokenizer/word_table.hpp"
#include "tokenizer/words.hpp"

using namespace moelm;

namespace {

std::vector<WordCounter> counted(const std::string& directory, const std::map<std::string, Index>& words) {
  std::vector<WordCounter> counters;
  counters.emplace_back(directory, Index{1} << 20);
  for (const auto& [word, count] : words) counters.front().add(word, count);
  return counters;
}

std::vector<std::string> words_of(const Vocabulary& vocabulary) {
  std::vector<std::string> words;
  for (Index id = 0; id < vocabulary.words.size(); ++id) words.emplace_back(vocabulary.words.word(id));
  return words;
}

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("a word table finds what was added and nothing else") {
  WordTable table;
  RandomBytes random(1);
  std::map<std::string, Index> expected;
  for (int i = 0; i < 20000; ++i) {
    const std::string word = random.bytes(random.below(12));
    const Index number = table.add(word);
    const auto [at, fresh] = expected.emplace(word, number);
    REQUIRE(at->second == number);
    REQUIRE((!fresh || number == table.size() - 1));
  }
  for (const auto& [word, number] : expected) {
    REQUIRE(table.find(word) == number);
    REQUIRE(table.word(number) == word);
  }
  CHECK(table.find("a word that is not there") == -1);
  table.clear();
  CHECK(table.size() == 0);
  CHECK(table.find(expected.begin()->first) == -1);
}

TEST_CASE("words of a text looked up together are those looked up one by one") {
  WordTable table;
  RandomBytes random(2);
  std::string text;
  std::vector<Word> words;
  for (int i = 0; i < 5000; ++i) {
    const std::string word = random.bytes(random.below(random.below(3) == 0 ? 40 : 4));
    if (random.below(3) > 0) table.add(word);
    words.push_back({static_cast<std::uint32_t>(text.size()), static_cast<std::uint32_t>(word.size())});
    text += word;
  }
  for (const std::size_t count : {words.size(), std::size_t{0}, std::size_t{1}, std::size_t{33}}) {
    std::vector<std::int32_t> numbers(count + 1, -7);
    table.find_all(text, std::span(words).first(count), numbers.data());
    for (std::size_t i = 0; i < count; ++i) REQUIRE(numbers[i] == table.find(words[i].in(text)));
    CHECK(numbers[count] == -7);
  }
}

TEST_CASE("words that differ only by zero bytes are different") {
  WordTable table;
  const std::string a("a\0", 2), b("a", 1), c("a\0\0", 3);
  CHECK(table.add(a) == 0);
  CHECK(table.add(b) == 1);
  CHECK(table.add(c) == 2);
  CHECK(table.find(b) == 1);
}

TEST_CASE("counts that do not fit in memory go to disk and come back exact") {
  const TemporaryDirectory folder;
  RandomBytes random(4);
  std::map<std::string, Index> expected;
  std::vector<WordCounter> counters;
  for (int i = 0; i < 3; ++i) counters.emplace_back(folder.path(), Index{60'000});
  for (int i = 0; i < 300'000; ++i) {
    const std::string word = "w" + std::to_string(random.below(20) == 0 ? random.below(50'000) : random.below(300));
    ++expected[word];
    counters[random.below(3)].add(word);
  }
  CHECK(counters[0].spilled());
  std::map<std::string, Index> merged;
  std::string last;
  WordCounter::merge(counters, [&](std::string_view word, Index count) {
    REQUIRE(word > last);
    last = word;
    merged[last] = count;
  });
  CHECK(merged == expected);
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("the best words do not depend on the order in which they come") {
  std::vector<CountedWord> words;
  for (int i = 0; i < 5000; ++i) words.push_back({"w" + std::to_string(i), i % 70});
  BestWords up(100), down(100);
  for (std::size_t i = 0; i < words.size(); ++i) {
    up.add(words[i].word, words[i].count);
    down.add(words[words.size() - 1 - i].word, words[words.size() - 1 - i].count);
  }
  const auto a = up.take(), b = down.take();
  REQUIRE(a.size() == 100);
  for (std::size_t i = 0; i < a.size(); ++i) {
    CHECK(a[i].word == b[i].word);
    CHECK((i == 0 || ranks_before(a[i - 1], a[i])));
  }
  CHECK(up.cut_count() == down.cut_count());
}

TEST_CASE("ids are ranks by falling count, ties by bytes, </s> and <unk> where they belong") {
  const TemporaryDirectory folder;
  auto counters = counted(folder.path(), {{"b", 5}, {"a", 5}, {"often", 20}, {"<unk>", 3}, {"once", 1}, {"</s>", 1}});
  const Vocabulary all = build_vocabulary(counters, 4, {});
  CHECK(words_of(all) == Strings{"often", "a", "b", "</s>", "<unk>", "once"});
  CHECK(all.counts == std::vector<Index>{20, 5, 5, 4, 4, 1});  // <unk>: 3 of its own, 1 that the text called </s>
  counters = counted(folder.path(), {{"b", 5}, {"a", 5}, {"often", 20}, {"<unk>", 3}, {"once", 1}});
  const Vocabulary cut = build_vocabulary(counters, 4, {.min_count = 2, .size = 4});
  CHECK(words_of(cut) == Strings{"often", "<unk>", "a", "</s>"});
  CHECK(cut.counts == std::vector<Index>{20, 9, 5, 4});
  counters = counted(folder.path(), {});
  CHECK(words_of(build_vocabulary(counters, 3, {})) == Strings{"</s>", "<unk>"});
}

TEST_CASE("bpe merges the most frequent pair, ties to the smaller ids") {
  const TemporaryDirectory folder;
  auto counters = counted(folder.path(), {{"abab", 10}, {"cd", 10}, {"ab", 1}, {"xyz", 1}});
  const auto merges = train_bpe(counters, {.size = 300, .min_count = 2});
  // ab 21 times; then (ab, ab) and (c, d) 10 times each, of which c has the smaller id.
  CHECK(merges == std::vector<Merge>{{'a', 'b'}, {'c', 'd'}, {256, 256}});
  counters = counted(folder.path(), {{"abab", 10}, {"cd", 10}});
  CHECK(train_bpe(counters, {.size = 258, .min_count = 2}).size() == 1);
  counters = counted(folder.path(), {{"aaa", 2}, {"aaaa", 2}});
  CHECK(train_bpe(counters, {.size = 300, .min_count = 2}) == std::vector<Merge>{{'a', 'a'}, {256, 'a'}, {256, 256}});
}

TEST_CASE("bpe training equals counting all pairs anew after every merge") {
  const TemporaryDirectory folder;
  RandomBytes random(8);
  for (int round = 0; round < 20; ++round) {
    std::map<std::string, Index> words;
    for (int i = 0; i < 60; ++i) {
      std::string word;
      for (std::uint64_t k = 1 + random.below(9); k > 0; --k) word += static_cast<char>('a' + random.below(4));
      words[word] += static_cast<Index>(1 + random.below(9));
    }
    std::vector<Merge> expected;
    std::vector<std::pair<std::vector<std::int32_t>, Index>> sequences;
    for (const auto& [word, count] : words) sequences.push_back({{word.begin(), word.end()}, count});
    while (expected.size() < 40) {
      std::map<Merge, Index> pairs;
      for (const auto& [ids, count] : sequences)
        for (std::size_t i = 0; i + 1 < ids.size(); ++i) pairs[{ids[i], ids[i + 1]}] += count;
      Merge best{};
      Index most = 1;
      for (const auto& [pair, count] : pairs)
        if (count > most) best = pair, most = count;
      if (most < 2) break;
      for (auto& [ids, count] : sequences)
        for (std::size_t i = 0; i + 1 < ids.size(); ++i)
          if (ids[i] == best[0] && ids[i + 1] == best[1]) {
            ids[i] = 256 + static_cast<std::int32_t>(expected.size());
            ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(i) + 1);
          }
      expected.push_back(best);
    }
    auto counters = counted(folder.path(), words);
    REQUIRE(train_bpe(counters, {.size = 257 + 40, .min_count = 2}) == expected);
  }
}
