#include "comparison/score_input.hpp"

#include <functional>

#include "base/check.hpp"
#include "data/path_kind.hpp"
#include "ngram/ngram_evaluation.hpp"
#include "report/evaluation_report.hpp"
#include "run/run_data.hpp"
#include "tokenizer/equal_tokens.hpp"

namespace moelm {

namespace {

ScoredParts append_to(TokenScores& scores, const Tokenizer& tokenizer) {
  return [&](std::span<const ScoredPart> parts) {
    for (const ScoredPart& p : parts)
      for (std::size_t i = 0; i < p.nll.size(); ++i)
        scores.add({p.part.line, p.part.first + static_cast<Index>(i) + 1}, tokenizer.token_text(p.part.ids[i]),
                   p.nll[i]);
  };
}

/// Divides the tokens of a split into its input files.
void end_sources(const SplitIndex& split, TokenScores& scores) {
  Index t = 0;
  for (const InputRange& input : split.inputs) {
    while (t < scores.tokens() && scores.place(t).line <= input.lines.end) ++t;
    scores.end_source(input.name, &input == &split.inputs.back() ? scores.tokens() : t);
  }
}

/// How one model scores: a file, and a split of a data folder that has its ids.
struct Model {
  std::string path, policy;
  std::shared_ptr<const Tokenizer> tokenizer;
  std::function<Dataset(const std::optional<std::string>& directory)> open_data;
  std::function<TextEvaluation(TextSource&, const ScoredParts&)> score_text;
  std::function<TextEvaluation(const Dataset&, Split, const ScoredParts&)> score_split;
  /// Says what is worth knowing of a text that was scored.
  std::function<void(const std::string& text, const TextEvaluation& result)> warn;
};

TokenScores score(const Model& model, const TextChoice& text) {
  const bool split = text.files.empty();
  std::string name;
  for (const std::string& file : text.files) name += (name.empty() ? "" : ", ") + file;
  const std::optional<Dataset> data = split ? std::optional(model.open_data(text.data)) : std::nullopt;
  TokenScores scores(model.path, split ? split_name(*data, text.split) : name, model.policy, model.tokenizer);
  const ScoredParts sink = append_to(scores, *model.tokenizer);
  if (split) {
    model.warn(scores.text(), model.score_split(*data, text.split, sink));
    end_sources(data->split(text.split), scores);
    scores.set_bytes(data->split(text.split).bytes);
  }
  for (const std::string& file : text.files) {
    TextSource source = TextSource::open(file, {}, text_bytes(model.tokenizer->kind()));
    model.warn(source.name(), model.score_text(source, sink));
    scores.end_source(file, scores.tokens());
  }
  return scores;
}

std::vector<TokenScores> score_all(const Model& model, const std::vector<TextChoice>& texts) {
  std::vector<TokenScores> scores;
  for (const TextChoice& text : texts) scores.push_back(score(model, text));
  return scores;
}

std::vector<TokenScores> score_run(const std::string& path, const std::vector<TextChoice>& texts,
                                   const InputScoring& how) {
  Context context(how.threads, how.dtype);
  const LoadedModel loaded = load_model(path);
  if (how.warn)
    for (const std::string& warning : loaded.warnings) how.warn(warning);
  Scorer scorer(context, loaded.run.config.model, loaded.parameters);
  TextScoring scoring{{how.state.value_or(loaded.run.config.train.state), 1}, 0, false, {}};
  EvaluationReport report = empty_report(loaded, scoring.policy, context.products());
  const Model model{
      path,
      policy_line(report),
      loaded.tokenizer,
      [&](const auto& directory) { return open_run_data(path, loaded.run, directory, DataMatch::same_tokens); },
      [&](TextSource& source, const ScoredParts& sink) {
        scoring.sink = sink;
        return evaluate_text(scorer, *loaded.tokenizer, source, scoring);
      },
      [&](const Dataset& data, Split split, const ScoredParts& sink) {
        scoring.sink = sink;
        return evaluate_data(scorer, data, split, scoring);
      },
      [&](const std::string& text, const TextEvaluation& result) {
        report.text_name = text;
        report.result = result;
        if (how.warn)
          for (const std::string& note : evaluation_notes(report)) how.warn(note);
      }};
  return score_all(model, texts);
}

/// The data folder of a text, which must have the ids of the n-gram's own.
Dataset open_ngram_data(const std::string& path, const Dataset& own, const std::optional<std::string>& directory) {
  if (!directory) return own;
  Dataset data = Dataset::open(*directory);
  if (equal_tokens(data.tokenizer(), own.tokenizer())) return data;
  throw Error(Exit::bad_config, *directory + ": tokenizer: expected that of " + path + " (" +
                                    describe_tokenizer(own.tokenizer()) + "), found another (" +
                                    describe_tokenizer(data.tokenizer()) + "); make it with moe-tokenize --vocab " +
                                    path);
}

std::vector<TokenScores> score_ngram_of(const std::string& path, const std::vector<TextChoice>& texts,
                                        const InputScoring& how) {
  const Dataset own = Dataset::open(path);
  const KneserNey counts = train_ngram(own, kDefaultNgramOrder, false);
  const std::shared_ptr<const Tokenizer> tokenizer = load_tokenizer(path);
  const Model model{path,
                    ngram_policy(*tokenizer, kDefaultNgramOrder, false),
                    tokenizer,
                    [&](const auto& directory) { return open_ngram_data(path, own, directory); },
                    [&](TextSource& source, const ScoredParts& sink) {
                      return score_ngram(counts, *tokenizer, source, {false, false, sink});
                    },
                    [&](const Dataset& data, Split split, const ScoredParts& sink) {
                      return score_ngram(counts, data, split, {false, false, sink});
                    },
                    [&](const std::string& text, const TextEvaluation& result) {
                      if (how.warn)
                        for (const std::string& note : text_notes(result.text, tokenizer->keeps_bytes()))
                          how.warn(text + ": " + note);
                    }};
  return score_all(model, texts);
}

}  // namespace

InputKind input_kind(const std::string& path) {
  switch (path_kind(path)) {
    case PathKind::run:
    case PathKind::checkpoint:
      return InputKind::run;
    case PathKind::data:
      return InputKind::ngram;
    case PathKind::file:
      return InputKind::rows;
    default:
      throw Error(Exit::missing_input, path + ": expected a run, a data folder or the rows of moe-eval --per-token, " +
                                           "found " + describe(path_kind(path)));
  }
}

std::vector<TokenScores> score_input(const std::string& path, const std::vector<TextChoice>& texts,
                                     const InputScoring& how) {
  const InputKind kind = input_kind(path);
  ensure(kind != InputKind::rows, "rows are read, not scored");
  return kind == InputKind::run ? score_run(path, texts, how) : score_ngram_of(path, texts, how);
}

}  // namespace moelm
