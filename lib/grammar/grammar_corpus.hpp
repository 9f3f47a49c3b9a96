// A corpus of an artificial language: text with the exact log-probability of every line. The work of moe-grammar.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "base/option.hpp"
#include "grammar/chain.hpp"
#include "io/json.hpp"

namespace moelm {

enum class GrammarSource { mixture, markov };

template <>
struct EnumNames<GrammarSource> {
  static constexpr std::array<std::pair<std::string_view, GrammarSource>, 2> values = {
      {{"mixture", GrammarSource::mixture}, {"markov", GrammarSource::markov}}};
};

struct GrammarCorpus {
  GrammarSource source = GrammarSource::mixture;
  ChainShape shape;
  Index topics = 8;  ///< of a mixture
  std::uint64_t seed = 1;
  Index lines = 20'000;          ///< of the training split
  Index held_out_lines = 1'000;  ///< of valid and of test
};

/// Writes SPLIT.txt, SPLIT.logprob (log10, one number per line) and for a mixture SPLIT.classes of all splits, then
/// exact.json, whose content it returns. Error(cannot_create) if a file exists already.
Json write_grammar_corpus(const GrammarCorpus& corpus, const std::string& folder);

}  // namespace moelm
