// Classes of tokens by how often the training text holds them, by rank, or none.
#include "comparison/frequency_classes.hpp"

#include "comparison/scores.hpp"
#include "support/catch.hpp"
#include "tokenizer/byte_tokenizer.hpp"
#include "tokenizer/vocabulary_tokenizer.hpp"

using namespace moelm;

namespace {

std::unique_ptr<Tokenizer> tokenizer_of(const std::vector<std::pair<std::string, Index>>& words) {
  Vocabulary vocabulary;
  for (const auto& [word, count] : words) {
    vocabulary.words.add(word);
    vocabulary.counts.push_back(count);
  }
  return make_vocabulary_tokenizer(TokenizerKind::word, false, std::move(vocabulary));
}

/// The class of each token of a text.
std::vector<std::string> classes_of(const std::string& text, const Tokenizer* vocabulary) {
  const TokenScores scores = scores_of_text("a", text, [](Index) { return 1.0; });
  const TokenClasses classes = frequency_classes(scores, vocabulary);
  std::vector<std::string> names;
  for (Index t = 0; t < scores.tokens(); ++t)
    names.push_back(classes.names.at(classes.of_token.at(scores.token_number(t))));
  return names;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("classes by counts") {
  const auto vocabulary = tokenizer_of(
      {{"e", 123'456}, {"d", 10'000}, {"c", 9'999}, {"</s>", 500}, {"<unk>", 20}, {"b", 10}, {"a", 9}, {"z", 0}});
  CHECK(classes_of("e d c b a z q <unk>\n", vocabulary.get()) ==
        Names{"10,000 times or more", "10,000 times or more", "1,000 to 9,999 times", "10 to 99 times", "1 to 9 times",
              "not in training", "not in training", "<unk>", "line ends"});
}

TEST_CASE("classes by rank where a vocabulary has no counts") {
  std::vector<std::pair<std::string, Index>> words = {{"</s>", 0}, {"<unk>", 0}};
  for (int i = 2; i < 120; ++i) words.emplace_back("w" + std::to_string(i), 0);
  const auto vocabulary = tokenizer_of(words);
  CHECK(classes_of("w9 w10 w99 w100 none\n", vocabulary.get()) == Names{"ranks 1 to 10", "ranks 11 to 100",
                                                                        "ranks 11 to 100", "ranks 101 to 1,000",
                                                                        "ranks above 10,000", "line ends"});
}

TEST_CASE("without a vocabulary, or with ids of bytes without counts, the others are one class") {
  CHECK(classes_of("a <unk>\n", nullptr) == Names{"other tokens", "<unk>", "line ends"});
  const auto bytes = make_byte_tokenizer(std::vector<Index>(kByteVocabulary, 0));
  CHECK(classes_of("a <unk>\n", bytes.get()) == Names{"other tokens", "other tokens", "line ends"});
}
