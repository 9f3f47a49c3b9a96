// The difference of two models on the same text, B - A, with a paired confidence interval.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "comparison/bootstrap.hpp"
#include "comparison/token_scores.hpp"
#include "comparison/units.hpp"

namespace moelm {

struct CompareOptions {
  std::optional<Index> block;  ///< tokens of a block, words if lines are paired; default: that of make_blocks
  bool by_line = false;        ///< pair the sums of lines even if the tokens could be paired
  BootstrapOptions bootstrap;
};

/// Nats per unit of weight of both sides and their difference: of a seed, or of a part of the text.
struct Difference {
  std::string name;  ///< of a part
  double weight = 0;
  double a = 0, b = 0;  ///< mean -ln p; over several seeds the mean of theirs
  BootstrapResult result;
};

struct Comparison {
  std::string text;
  Index tokens = 0;  ///< of side A
  UnitKind unit = UnitKind::token;
  Blocks blocks;
  BootstrapOptions bootstrap;
  Difference whole;
  std::vector<std::string> names_a, names_b;  ///< of the models, by seed
  std::string policy_a, policy_b;             ///< of the first seed
  std::vector<Difference> seeds;              ///< pairs by position
  std::vector<Difference> classes;            ///< by training frequency; none if lines are paired
  std::vector<Difference> sources;            ///< none for a single one or more than kMaxSources
};

inline constexpr std::size_t kMaxSources = 100;

/// `a[s]` is paired with `b[s]`. Tokens are paired; where both sides have known tokenizers that differ, or options ask
/// for it, the sums of lines are, per word as side A counts words. Error(bad_data) if the tokens or lines of a model
/// are not those of a[0], with the first difference. `vocabulary` has the counts of the classes and may be null.
/// REQUIRES as many seeds on both sides, at least one.
Comparison compare_scores(const std::vector<TokenScores>& a, const std::vector<TokenScores>& b,
                          const CompareOptions& options, const Tokenizer* vocabulary);

}  // namespace moelm
