// C5: the vocabulary of the paper's corpus costs its file and 64 MiB, when it is sound and when it lies at its end.
#include "hostile/refusal.hpp"
#include "tokenizer/bpe_tokenizer.hpp"
#include "tokenizer/tokenizer_file.hpp"
#include "tokenizer/vocabulary_tokenizer.hpp"

using namespace moelm;

namespace {

constexpr Index kTypes = 793'471;

/// Words as long as those of English text on average.
std::string vocabulary_text() {
  Vocabulary vocabulary;
  vocabulary.words.add("</s>");
  vocabulary.words.add("<unk>");
  for (Index i = 2; i < kTypes; ++i) vocabulary.words.add("wo" + std::to_string(1'000'000 + i));
  vocabulary.counts.assign(static_cast<std::size_t>(kTypes), 123);
  const std::vector<Index> counts = vocabulary.counts;
  return tokenizer_file_text(*make_vocabulary_tokenizer(TokenizerKind::word, false, std::move(vocabulary)), counts);
}

/// As many merges as are allowed, of pieces of two and three bytes.
std::string merges_text() {
  std::vector<Merge> merges;
  for (std::int32_t m = 0; m < kMostMerges; ++m) merges.push_back({m / 256, m % 256});
  const std::vector<Index> counts(static_cast<std::size_t>(kMostMerges + 257), 123);
  return tokenizer_file_text(*make_bpe_tokenizer(std::move(merges), counts), counts);
}

}  // namespace

TEST_CASE("C5: great vocabularies are read in the memory of their file and 64 MiB") {
  const TemporaryDirectory directory;
  for (const auto& [name, text] : {std::pair("words", vocabulary_text()), {"merges", merges_text()}}) {
    INFO(name);
    const std::string path = directory / "tokenizer.json";
    put_file(path, text);
    const auto size = static_cast<Index>(text.size());
    const auto load = [&] { load_tokenizer(path); };
    REQUIRE_NOTHROW(load());
    if (!memory_is_ours()) continue;
    const Index growth = peak_growth(load);
    std::string damaged = text;
    damaged[damaged.size() - 10] = static_cast<char>(damaged[damaged.size() - 10] ^ 1);
    put_file(path, damaged);
    const Index refused = peak_growth(load);
    WARN(name << ": file " << size / 1024 << " KiB, read in " << growth / 1024 << " KiB, refused in " << refused / 1024
              << " KiB");
    CHECK(growth <= size + kMostBeside);
    CHECK(refused <= size + kMostBeside);
  }
}
