#include "report/statistics_pass.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/check.hpp"
#include "report/routes_writer.hpp"
#include "train/scorer.hpp"

namespace moelm {
namespace {

constexpr Index kBatchTokens = 2048;     // rows scored together
constexpr Index kMostLineTokens = 4096;  // a longer line is scored in parts, its state carried

std::span<const std::int32_t> part(const StatisticsText& text, Index begin, Index end) {
  return std::span(text.ids).subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
}

/// Accumulates what the scorer shows.
class Collector {
 public:
  Collector(const ModelConfig& config, const Tokenizer& tokenizer, const StatisticsText& text,
            const RowClasses& classes, const StatisticsPass& pass)
      : tokenizer_(tokenizer), text_(text), classes_(classes), pass_(pass), layers_(gated_layers(config)) {
    for (const Index layer : layers_) {
      const auto& moe = std::get<MoeConfig>(config.layers[layer]);
      StatisticsOptions options;
      options.layer = layer;
      options.experts = moe.experts;
      options.k = moe.chosen();
      options.any_k = moe.gate == GateKind::balanced;
      options.vocabulary = tokenizer.vocabulary_size();
      options.labels = static_cast<Index>(classes.names.size());
      options.load_kind = moe.smooth_load() ? "smooth" : "count";
      statistics_.emplace_back(options);
    }
  }

  /// Where in the text each of the sequences that are scored next begins.
  void begin(std::vector<Index> bases) { bases_ = std::move(bases); }

  void add(const Batch& batch, std::span<const RowOrigin> origin, const ModelCache& cache,
           std::span<const double> nll) {
    row_.clear();
    label_.clear();
    for (std::size_t r = 0; r < origin.size(); ++r) {
      row_.push_back(bases_[origin[r].sequence] + origin[r].place);
      label_.push_back(classes_.by_token() ? classes_.of_token[batch.inputs[r]]
                                           : classes_.of_line[text_.line_of(row_.back())]);
    }
    for (std::size_t l = 0; l < layers_.size(); ++l)
      statistics_[l].add(*routing_of(cache, static_cast<std::size_t>(layers_[l])), {row_, batch.inputs, label_});
    nll_ = std::accumulate(nll.begin(), nll.end(), nll_);
    if (pass_.routes != nullptr) write(batch, cache);
    done_ += batch.rows();
    if (pass_.progress) pass_.progress(done_);
  }

  void check_stop() const {
    if (pass_.stop && pass_.stop()) throw Error(Exit::stopped, "statistics were stopped on request");
  }

  StatisticsReport report() {
    StatisticsReport report;
    report.tokens = done_;
    report.perplexity = done_ > 0 ? std::exp(nll_ / static_cast<double>(done_)) : 0;
    report.class_kind = classes_.kind;
    report.class_names = classes_.names;
    report.classes_of_tokens = classes_.by_token();
    const TextAccess access = text_access();
    for (ExpertStatistics& s : statistics_) report.layers.push_back(describe_layer(s.finish(), access));
    return report;
  }

 private:
  void write(const Batch& batch, const ModelCache& cache) {
    std::vector<const Routing*> routings;
    for (const Index layer : layers_) routings.push_back(routing_of(cache, static_cast<std::size_t>(layer)));
    std::vector<Index> order(row_.size());
    std::iota(order.begin(), order.end(), Index{0});
    std::sort(order.begin(), order.end(), [&](Index a, Index b) { return row_[a] < row_[b]; });
    for (const Index i : order) {
      const std::string token = tokenizer_.token_text(batch.inputs[i]);
      write_routes(*pass_.routes, {row_[i], text_.line_of(row_[i]) + 1, token}, i, layers_, routings);
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
  double nll_ = 0;
  Index done_ = 0;
};

/// What a scorer carries from call to call.
struct Carried {
  std::vector<std::int32_t> previous;
  ModelState state;
  std::vector<std::vector<double>> nll;
};

void pass_streams(Scorer& scorer, Collector& collector, const StatisticsText& text, Index streams,
                  std::int32_t end_id) {
  const Index tokens = text.tokens(), count = std::clamp<Index>(streams, 1, std::max<Index>(tokens, 1));
  const Index window = std::max<Index>(kBatchTokens / count, 1);
  Carried carried;
  scorer.restart(static_cast<std::size_t>(count), end_id, carried.previous, carried.state);
  for (Index offset = 0; offset < (tokens + count - 1) / count; offset += window) {
    std::vector<std::span<const std::int32_t>> sequences;
    std::vector<Index> bases;
    for (Index b = 0; b < count; ++b) {
      const Index last = (b + 1) * tokens / count;
      bases.push_back(std::min(b * tokens / count + offset, last));
      sequences.push_back(part(text, bases.back(), std::min(bases.back() + window, last)));
    }
    collector.check_stop();
    collector.begin(std::move(bases));
    scorer.score(sequences, carried.previous, carried.state, carried.nll);
  }
}

void pass_long_line(Scorer& scorer, Collector& collector, const StatisticsText& text, Index begin, Index end,
                    std::int32_t end_id) {
  Carried carried;
  scorer.restart(1, end_id, carried.previous, carried.state);
  for (; begin < end; begin += kMostLineTokens) {
    const std::vector<std::span<const std::int32_t>> window = {
        part(text, begin, std::min(begin + kMostLineTokens, end))};
    collector.check_stop();
    collector.begin({begin});
    scorer.score(window, carried.previous, carried.state, carried.nll);
  }
}

void pass_lines(Scorer& scorer, Collector& collector, const StatisticsText& text, std::int32_t end_id) {
  Carried carried;
  const auto begin_of = [&](Index line) { return line == 0 ? 0 : text.line_ends[line - 1]; };
  for (Index line = 0; line < text.lines();) {
    if (text.line_ends[line] - begin_of(line) > kMostLineTokens) {
      pass_long_line(scorer, collector, text, begin_of(line), text.line_ends[line], end_id);
      ++line;
      continue;
    }
    std::vector<std::span<const std::int32_t>> sequences;
    std::vector<Index> bases;
    for (Index tokens = 0; line < text.lines() && tokens < kBatchTokens; ++line) {
      const Index length = text.line_ends[line] - begin_of(line);
      if (length > kMostLineTokens) break;
      bases.push_back(begin_of(line));
      sequences.push_back(part(text, begin_of(line), text.line_ends[line]));
      tokens += length;
    }
    scorer.restart(sequences.size(), end_id, carried.previous, carried.state);
    collector.check_stop();
    collector.begin(std::move(bases));
    scorer.score(sequences, carried.previous, carried.state, carried.nll);
  }
}

}  // namespace

std::vector<Index> gated_layers(const ModelConfig& config) {
  std::vector<Index> layers;
  for (std::size_t l = 0; l < config.layers.size(); ++l)
    if (const auto* moe = std::get_if<MoeConfig>(&config.layers[l]); moe != nullptr && moe->gated())
      layers.push_back(static_cast<Index>(l));
  return layers;
}

StatisticsReport collect_statistics(Context& context, const ModelConfig& config, const ModelParameters& parameters,
                                    const Tokenizer& tokenizer, const StatisticsText& text, const RowClasses& classes,
                                    const StatisticsPass& pass) {
  ensure(pass.routes == nullptr || pass.streams == 1, "routes are written in the order of the text");
  Collector collector(config, tokenizer, text, classes, pass);
  Scorer scorer(context, config, parameters);
  scorer.observe([&](const Batch& batch, std::span<const RowOrigin> origin, const ModelCache& cache,
                     std::span<const double> nll) { collector.add(batch, origin, cache, nll); });
  if (pass.state == StateKind::reset)
    pass_lines(scorer, collector, text, tokenizer.end_id());
  else
    pass_streams(scorer, collector, text, pass.streams, tokenizer.end_id());
  return collector.report();
}

}  // namespace moelm
