#include "evaluation/text_evaluation.hpp"

#include <filesystem>

#include "base/check.hpp"
#include "batch/split_lines.hpp"
#include "evaluation/stream_scoring.hpp"
#include "io/scratch_file.hpp"

namespace moelm {

namespace {

/// Tokens on disk: written once, read at several places.
class TokenSpool {
 public:
  explicit TokenSpool(const std::string& directory) : ids_(directory), flags_(directory) {}

  void append(const LinePart& part) {
    ids_.append({reinterpret_cast<const char*>(part.ids.data()), part.ids.size() * sizeof(std::int32_t)});
    flags_.append({reinterpret_cast<const char*>(part.flags.data()), part.flags.size()});
  }
  Index tokens() const { return flags_.size(); }

  ReadTokens open(Index position) const {
    return [this, position](Index count, std::int32_t* ids, TokenFlag* flags) mutable {
      const auto size = static_cast<std::size_t>(count);
      ids_.read_at(position * static_cast<Index>(sizeof(std::int32_t)), ids, size * sizeof(std::int32_t));
      flags_.read_at(position, flags, size);
      position += count;
    };
  }

 private:
  ScratchFile ids_, flags_;
};

Evaluation score_text_streams(Scorer& scorer, std::int32_t end_id, LineSource& lines, Index streams) {
  TokenSpool spool(std::filesystem::temp_directory_path().string());
  for (LinePart part; lines.next(part);) spool.append(part);
  return score_streams(scorer, {spool.tokens(), end_id, [&](Index position) { return spool.open(position); }}, streams);
}

}  // namespace

TextEvaluation evaluate_text(Scorer& scorer, const Tokenizer& tokenizer, TextSource& source, const TextScoring& how) {
  const EvaluationPolicy& policy = how.policy;
  const bool cut = policy.state == StateKind::carry && policy.streams > 1;
  ensure(!cut || !how.sink, "lines are scored in order in a single stream only");
  TextLines lines(source, tokenizer, policy.state, how.keep_surface);
  TextEvaluation result;
  result.scores = cut ? score_text_streams(scorer, tokenizer.end_id(), lines, policy.streams)
                      : score_lines(scorer, lines, tokenizer.end_id(), {policy.state, how.max_lines}, how.sink);
  result.text = lines.facts();
  result.lossless = result.text.lossless(tokenizer);
  require_tokens(result.text, result.scores.tokens, source.name());
  require_finite(result.scores, source.name());
  return result;
}

TextEvaluation evaluate_data(Scorer& scorer, const Dataset& data, Split split, const TextScoring& how) {
  require_tokens(data, split);
  TextEvaluation result{{}, facts_of_split(data.split(split)), data.lossless(split)};
  const auto scored = [&] {
    require_finite(result.scores, split_name(data, split));
    return result;
  };
  if (!how.sink) {
    result.scores = evaluate_split(scorer, data, split, how.policy);
    return scored();
  }
  ensure(how.policy.state == StateKind::reset || how.policy.streams == 1,
         "lines are scored in order in a single stream only");
  SplitLines lines(data, split, how.policy.state);
  result.scores = score_lines(scorer, lines, data.tokenizer().end_id(), {how.policy.state, how.max_lines}, how.sink);
  return scored();
}

}  // namespace moelm
