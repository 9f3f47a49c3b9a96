#include "statistics/statistics_pass.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "base/check.hpp"
#include "evaluation/line_scoring.hpp"
#include "evaluation/scorer.hpp"
#include "evaluation/stream_scoring.hpp"
#include "statistics/routes_writer.hpp"
#include "statistics/routing_order.hpp"

namespace moelm {
namespace {

/// Accumulates the batches that the scorer shows.
class Collector {
 public:
  Collector(const ModelConfig& config, const Tokenizer& tokenizer, const StatisticsText& text,
            const RowClasses& classes, const StatisticsPass& pass)
      : tokenizer_(tokenizer), text_(text), classes_(classes), pass_(pass), layers_(layers_with_gate(config)) {
    Index max_experts = 0;
    for (const Index layer : layers_) {
      const auto& moe = std::get<MoeConfig>(config.layers[layer]);
      StatisticsOptions options;
      options.layer = layer;
      options.experts = moe.experts;
      options.k = moe.experts_per_token();
      options.any_k = moe.gate == GateKind::balanced;
      options.vocabulary = tokenizer.vocabulary_size();
      options.labels = static_cast<Index>(classes.names.size());
      options.load_kind = moe.smooth_load() ? "smooth" : "count";
      statistics_.emplace_back(options);
      max_experts = std::max(max_experts, options.any_k ? options.experts : options.k);
    }
    if (!pass.routes) return;
    std::ostringstream header;
    write_routes_header(header, max_experts);
    pass.routes(std::move(header).str());
  }

  /// Tells where in the text the next sequences begin.
  void begin(std::span<const Index> bases) { bases_.assign(bases.begin(), bases.end()); }

  void add(const Batch& batch, std::span<const RowOrigin> origin, const ModelCache& cache,
           std::span<const double> nll) {
    row_.clear();
    label_.clear();
    for (std::size_t r = 0; r < origin.size(); ++r) {
      row_.push_back(bases_[origin[r].sequence] + origin[r].place);
      label_.push_back(classes_.by_token() ? classes_.token_class[batch.inputs[r]]
                                           : classes_.line_class[text_.line_of(row_.back())]);
    }
    for (std::size_t l = 0; l < layers_.size(); ++l)
      statistics_[l].add(*routing_of(cache, layers_[l]), {row_, batch.inputs, label_});
    if (pass_.routes) hold_routes(batch, cache);
    if (text_.tokens() <= pass_.shown_tokens) keep_rows(batch, cache, nll);
    done_ += batch.rows();
    if (pass_.progress) pass_.progress(done_);
  }

  /// Writes the routes of all batches since the last call in the order of the text.
  void write() {
    std::sort(held_.begin(), held_.end());
    for (const auto& [row, lines] : held_) pass_.routes(lines);
    held_.clear();
  }

  StatisticsReport report(const Evaluation& scores) {
    StatisticsReport report;
    report.tokens = done_;
    report.perplexity = done_ > 0 ? scores.perplexity() : 0;
    report.class_kind = classes_.kind;
    report.class_names = classes_.names;
    report.classes_of_tokens = classes_.by_token();
    report.sentence = sentence_;
    const TextAccess access = text_access();
    report.token_separator = access.separator;
    for (ExpertStatistics& s : statistics_) report.layers.push_back(describe_layer(s.finish(), access));
    return report;
  }

 private:
  void hold_routes(const Batch& batch, const ModelCache& cache) {
    std::vector<const Routing*> routings;
    for (const Index layer : layers_) routings.push_back(routing_of(cache, layer));
    for (std::size_t i = 0; i < row_.size(); ++i) {
      const std::string token = tokenizer_.token_text(batch.inputs[i]);
      std::ostringstream lines;
      write_routes(lines, {row_[i], text_.line_of(row_[i]) + 1, token}, static_cast<Index>(i), layers_, routings);
      held_.emplace_back(row_[i], std::move(lines).str());
    }
    if (pass_.state == StateKind::carry) write();  // a single stream comes in order
  }

  /// Keeps the rows of a short text, which is shown row by row.
  void keep_rows(const Batch& batch, const ModelCache& cache, std::span<const double> nll) {
    sentence_.resize(text_.tokens());
    for (std::size_t i = 0; i < row_.size(); ++i) {
      RoutedToken& row = sentence_[row_[i]];
      row.token = tokenizer_.token_text(batch.inputs[i]);
      row.next = tokenizer_.token_text(text_.ids[row_[i]]);
      row.probability = std::exp(-nll[i]);
      for (const Index layer : layers_)
        row.experts.push_back(by_falling_gate(*routing_of(cache, layer), static_cast<Index>(i)));
    }
  }

  /// Row 0 reads `</s>`, row i > 0 token i - 1 of the text.
  TextAccess text_access() const {
    TextAccess access;
    access.token_text = [this](std::int32_t id) { return tokenizer_.token_text(id); };
    access.tokens = [this](Index begin, Index count, std::vector<std::int32_t>& out) {
      out.clear();
      for (Index row = begin; row < begin + count; ++row)
        out.push_back(row == 0 ? tokenizer_.end_id() : text_.ids[row - 1]);
    };
    access.rows = text_.tokens();
    const bool bytes = tokenizer_.kind() == TokenizerKind::byte;
    access.separator = tokenizer_.keeps_bytes() ? "" : " ";
    access.radius = bytes ? 36 : tokenizer_.keeps_bytes() ? 14 : 8;
    return access;
  }

  const Tokenizer& tokenizer_;
  const StatisticsText& text_;
  const RowClasses& classes_;
  const StatisticsPass& pass_;
  std::vector<Index> layers_;
  std::vector<ExpertStatistics> statistics_;
  std::vector<Index> bases_, row_;
  std::vector<std::int32_t> label_;
  std::vector<std::pair<Index, std::string>> held_;  // a row and its lines of routes
  std::vector<RoutedToken> sentence_;
  Index done_ = 0;
};

TokenText token_text(const StatisticsText& text, std::int32_t end_id) {
  const auto open = [&text](Index position) -> ReadTokens {
    return [&text, position](Index count, std::int32_t* ids, TokenFlag* flags) mutable {
      text.ids.read(position, count, ids);
      std::fill_n(flags, count, TokenFlag::plain);
      position += count;
    };
  };
  return {text.tokens(), end_id, open};
}

}  // namespace

std::vector<Index> layers_with_gate(const ModelConfig& config) {
  std::vector<Index> layers;
  for (std::size_t l = 0; l < config.layers.size(); ++l)
    if (const auto* moe = std::get_if<MoeConfig>(&config.layers[l]); moe != nullptr && moe->has_gate())
      layers.push_back(static_cast<Index>(l));
  return layers;
}

StatisticsReport collect_statistics(Context& context, const ModelConfig& config, const ModelParameters& parameters,
                                    const Tokenizer& tokenizer, const StatisticsText& text, const RowClasses& classes,
                                    const StatisticsPass& pass) {
  ensure(!pass.routes || pass.streams == 1, "routes are written in the order of the text");
  Collector collector(config, tokenizer, text, classes, pass);
  Scorer scorer(context, config, parameters);
  scorer.observe([&](const Batch& batch, std::span<const RowOrigin> origin, const ModelCache& cache,
                     std::span<const double> nll) { collector.add(batch, origin, cache, nll); });
  const EvaluationHooks hooks{{}, [&](std::span<const Index> begins) { collector.begin(begins); }};
  const std::int32_t end_id = tokenizer.end_id();
  Evaluation scores;
  if (pass.state == StateKind::reset) {
    StatisticsLines lines(text);
    scores = score_lines(
        scorer, lines, end_id, {pass.state}, [&](std::span<const ScoredPart>) { collector.write(); }, hooks);
  } else {
    scores = score_streams(scorer, token_text(text, end_id), pass.streams, hooks);
  }
  require_finite(scores, pass.text_name);
  return collector.report(scores);
}

}  // namespace moelm
