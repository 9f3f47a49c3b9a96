// The vocabulary of the paper's corpus costs its files and 64 MiB, when it is sound and when its end is damaged.
#include "hostile/refusal.hpp"
#include "support/stored_tokenizer.hpp"
#include "tokenizer/bpe_tokenizer.hpp"
#include "tokenizer/vocabulary_tokenizer.hpp"

using namespace moelm;

namespace {

constexpr Index kTypes = 793'471;

/// Words as long as those of English text on average.
TokenizerFiles vocabulary_files() {
  Vocabulary vocabulary;
  vocabulary.words.add("</s>");
  vocabulary.words.add("<unk>");
  for (Index i = 2; i < kTypes; ++i) vocabulary.words.add("wo" + std::to_string(1'000'000 + i));
  vocabulary.counts.assign(static_cast<std::size_t>(kTypes), 123);
  return files_of(*make_vocabulary_tokenizer(TokenizerKind::word, false, std::move(vocabulary)));
}

/// As many merges as are allowed, of pieces of two and three bytes.
TokenizerFiles merges_files() {
  std::vector<Merge> merges;
  for (std::int32_t m = 0; m < kMaxMerges; ++m) merges.push_back({m / 256, m % 256});
  return files_of(*make_bpe_tokenizer(std::move(merges), std::vector<Index>(kMaxMerges + 257, 123)));
}

}  // namespace

TEST_CASE("large vocabularies are read in the memory of their files and 64 MiB", "[hostile]") {
  const TemporaryDirectory directory;
  for (const auto& [name, files] : {std::pair("words", vocabulary_files()), {"merges", merges_files()}}) {
    INFO(name);
    write_tokenizer(directory.path(), files);
    const auto size = static_cast<Index>(files.description.size() + files.vocabulary.size());
    const auto load = [&] { load_tokenizer(directory.path()); };
    REQUIRE_NOTHROW(load());
    if (!memory_is_ours()) continue;
    const Index growth = peak_growth(load);
    // The last line is not of the form.
    TokenizerFiles damaged = files;
    damaged.vocabulary[damaged.vocabulary.size() - 2] = 'x';
    write_tokenizer(directory.path(), resealed(damaged));
    CHECK(holds(error_text(load), "expected a token, a TAB and a count"));
    const Index refused = peak_growth(load);
    WARN(name << ": files " << size / 1024 << " KiB, read in " << growth / 1024 << " KiB, refused in " << refused / 1024
              << " KiB");
    CHECK(growth <= size + kMaxBeside);
    CHECK(refused <= size + kMaxBeside);
  }
}
