#include "ngram/ngram_evaluation.hpp"

#include <cmath>
#include <functional>
#include <span>
#include <vector>

#include "base/check.hpp"
#include "base/finite.hpp"
#include "base/quantity.hpp"
#include "data/token_cursor.hpp"
#include "ngram/kneser_ney.hpp"

namespace moelm {
namespace {

/// A longer document is cut here, so that memory stays bounded.
constexpr std::size_t kMaxLineTokens = 1 << 20;

using VisitLine = std::function<void(std::span<const std::int32_t>)>;

/// Calls visit(tokens) for every line of a split, `</s>` included as its last token.
void for_each_line(const Dataset& data, Split split, bool skip_blank, const VisitLine& visit) {
  TokenCursor cursor(data, split);
  std::vector<std::int32_t> line, block(1 << 16);
  const auto end_line = [&] {
    if (line.size() > 1 || (line.size() == 1 && !skip_blank)) visit(line);
    line.clear();
  };
  while (const Index count = cursor.read(static_cast<Index>(block.size()), block.data()))
    for (Index i = 0; i < count; ++i) {
      line.push_back(block[i]);
      if (line.back() == data.tokenizer().end_id() || line.size() == kMaxLineTokens) end_line();
    }
  end_line();
}

}  // namespace

double NgramEvaluation::perplexity() const { return std::exp(nll / static_cast<double>(tokens)); }

NgramEvaluation evaluate_ngram(const Dataset& data, const NgramOptions& options) {
  KneserNey model(static_cast<int>(options.order), data.tokenizer().vocabulary_size());
  for_each_line(data, Split::train, options.skip_blank_lines, [&](auto line) { model.count(line); });
  model.finish();
  NgramEvaluation result;
  result.ngrams = model.ngrams();
  for_each_line(data, options.split, options.skip_blank_lines, [&](auto line) {
    result.nll -= model.log_probability(line);
    result.tokens += static_cast<Index>(line.size());
  });
  const std::string name = split_name(data, options.split);
  require(result.tokens > 0, Exit::bad_data, name + ": expected tokens, found none; choose another with --split");
  require(is_finite(result.perplexity()), Exit::bad_data,
          name + ": perplexity: expected a finite number, found " + format_number(result.perplexity()) +
              "; the training text gives some of its tokens no probability");
  return result;
}

}  // namespace moelm
