#include "ngram/ngram_evaluation.hpp"

#include <cmath>
#include <functional>
#include <span>
#include <utility>

#include "base/check.hpp"
#include "base/finite.hpp"
#include "base/quantity.hpp"
#include "batch/split_lines.hpp"
#include "batch/text_lines.hpp"
#include "data/token_cursor.hpp"

namespace moelm {
namespace {

/// A longer document is cut here, so that memory stays bounded.
constexpr std::size_t kMaxLineTokens = 1 << 20;
/// Parts that are given out together.
constexpr std::size_t kMaxHeldParts = 64;

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

/// Scores the parts of a text in order. A line of the n-gram ends at `</s>`, whatever the parts are.
class PartScorer {
 public:
  PartScorer(const KneserNey& model, std::int32_t end_id) : model_(model), end_id_(end_id) {}

  /// Whether the part is a line without words.
  bool is_blank(const LinePart& part) const {
    return so_far_.empty() && part.ids.size() == 1 && part.ids[0] == end_id_;
  }

  void score(ScoredPart& scored) {
    scored.nll.clear();
    for (const std::int32_t token : scored.part.ids) {
      scored.nll.push_back(-std::log(model_.probability(so_far_, token)));
      so_far_.push_back(token);
      if (token == end_id_ || so_far_.size() == kMaxLineTokens) so_far_.clear();
    }
  }

 private:
  const KneserNey& model_;
  std::int32_t end_id_;
  std::vector<std::int32_t> so_far_;  // tokens of the line
};

/// Scores all lines of a source. Lines without words that were left out are counted in `skipped`.
Evaluation score_parts(const KneserNey& model, LineSource& lines, std::int32_t end_id, const NgramScoring& how,
                       Index& skipped) {
  PartScorer scorer(model, end_id);
  Evaluation result;
  Index begin = 0;
  std::vector<ScoredPart> held;
  const auto give_out = [&] {
    if (how.sink && !held.empty()) how.sink(held);
    held.clear();
  };
  ScoredPart scored;
  while (lines.next(scored.part)) {
    scored.begin = begin;
    begin += static_cast<Index>(scored.part.ids.size());
    if (how.skip_blank_lines && scorer.is_blank(scored.part)) {
      skipped += scored.part.document_end ? 0 : 1;
      continue;
    }
    scorer.score(scored);
    for (std::size_t i = 0; i < scored.nll.size(); ++i)
      result.add(scored.part.ids[i], scored.part.flags[i], end_id, scored.nll[i]);
    held.push_back(std::move(scored));
    scored = {};
    if (held.size() == kMaxHeldParts || !lines.ready()) give_out();
  }
  give_out();
  return result;
}

void require_sound(const TextEvaluation& result, const std::string& name) {
  require_tokens(result.text, result.scores.tokens, name);
  const double perplexity = result.scores.perplexity();
  require(is_finite(perplexity), Exit::bad_data,
          name + ": perplexity: expected a finite number, found " + format_number(perplexity) +
              "; the training text gives some of its tokens no probability");
}

}  // namespace

KneserNey train_ngram(const Dataset& data, Index order, bool skip_blank_lines) {
  KneserNey model(static_cast<int>(order), data.tokenizer().vocabulary_size());
  for_each_line(data, Split::train, skip_blank_lines, [&](auto line) { model.count(line); });
  model.finish();
  return model;
}

TextEvaluation score_ngram(const KneserNey& model, const Tokenizer& tokenizer, TextSource& source,
                           const NgramScoring& how) {
  TextLines lines(source, tokenizer, StateKind::carry, how.keep_surface);
  TextEvaluation result;
  Index skipped = 0;
  result.scores = score_parts(model, lines, tokenizer.end_id(), how, skipped);
  result.text = lines.facts();
  result.lossless = result.text.lossless(tokenizer);
  result.text.lines -= skipped;
  require_sound(result, source.name());
  return result;
}

TextEvaluation score_ngram(const KneserNey& model, const Dataset& data, Split split, const NgramScoring& how) {
  require_tokens(data, split);
  SplitLines lines(data, split, StateKind::carry);
  TextEvaluation result{{}, facts_of_split(data.split(split)), data.lossless(split)};
  Index skipped = 0;
  result.scores = score_parts(model, lines, data.tokenizer().end_id(), how, skipped);
  result.text.lines -= skipped;
  require_sound(result, split_name(data, split));
  return result;
}

std::string ngram_policy(const Tokenizer& tokenizer, Index order, bool skip_blank_lines) {
  return "modified Kneser-Ney " + std::to_string(order) + "-gram" +
         (tokenizer.keeps_bytes() ? " oov=none" : " oov=scored-as-<unk>") + " eos=counted bos=context-only" +
         (skip_blank_lines ? " blank-lines=skipped" : "");
}

}  // namespace moelm
