#include "model/next_token.hpp"

#include <vector>

#include "base/check.hpp"
#include "model/output_layer.hpp"
#include "ops/rows.hpp"

namespace moelm {

void next_token_log_probabilities(Context& context, const ModelConfig& config, const ModelParameters& parameters,
                                  ModelCache& cache, MatrixView log_probabilities) {
  output_log_probabilities(context, config, parameters, softmax_input(cache), cache, log_probabilities);
}

void next_token_nll(Context& context, const ModelConfig& config, const ModelParameters& parameters,
                    std::span<const NextToken> next, ModelCache& cache, std::span<double> nll) {
  ensure(next.size() == nll.size(), "a score for every token");
  if (next.empty()) return;
  const Index vocabulary = vocabulary_of(parameters);
  const Matrix& x = softmax_input(cache);
  std::vector<std::int32_t> rows, targets;
  for (const NextToken& n : next) {
    ensure(n.row >= 0 && n.row < x.rows() && n.token >= 0 && n.token < vocabulary, "a row and a token");
    rows.push_back(static_cast<std::int32_t>(n.row));
    targets.push_back(n.token);
  }
  Matrix gathered(static_cast<Index>(next.size()), x.cols());
  gather_rows(context, x, rows, gathered);
  output_score(context, config, parameters, gathered, targets, cache, nll);
}

}  // namespace moelm
