#include "adaptation/tuning.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.hpp"
#include "base/finite.hpp"
#include "base/quantity.hpp"
#include "data/text_facts.hpp"
#include "data/token_cursor.hpp"
#include "evaluation/evaluation.hpp"
#include "ops/kernels.hpp"

namespace moelm {

namespace {

constexpr double kFirstDecay = 0.003;

/// theta mean(h . h)
constexpr double kThetas[] = {0, 1, 2, 4, 8, 16, 32};
constexpr double kLambdas[] = {0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4};
/// Rates relative to the noise of a segment's gradient in training's units; rising.
constexpr double kRates[] = {0, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3};
constexpr double kDecays[] = {0, 0.001, 0.003, 0.01, 0.03};

std::string perplexity_text(double nll, Index tokens) {
  return "perplexity " + format_number(std::round(100 * std::exp(nll / static_cast<double>(tokens))) / 100) + " on " +
         format_count(tokens) + " tokens of the validation split";
}

/// A number with few digits, as people would have typed it.
double rounded(double value) {
  if (value == 0) return 0;
  const double exponent = 1 - std::floor(std::log10(value)), power = std::pow(10, std::abs(exponent));
  return exponent < 0 ? std::round(value / power) * power : std::round(value * power) / power;
}

/// Scores the beginning of the validation split with weights that follow it.
class DynamicTrial {
 public:
  DynamicTrial(Context& context, const TrainedModel& trained, const Dataset& data)
      : context_(context), trained_(trained), ids_(1, data.tokenizer().end_id()) {
    const Index tokens = std::min(data.tokens(Split::valid), kDynamicTuningTokens);
    ids_.resize(static_cast<std::size_t>(tokens) + 1);
    TokenCursor(data, Split::valid).read(tokens, ids_.data() + 1);
  }

  Index tokens() const { return static_cast<Index>(ids_.size()) - 1; }

  /// Nats of the text; infinite where the weights diverge.
  double nll(const DynamicSettings& settings) const {
    DynamicModel model(context_, trained_, settings);
    Matrix h;
    double sum = 0;
    for (Index first = 0; first < tokens() && is_finite(sum); first += kEvaluationTokens) {
      const Index count = std::min(kEvaluationTokens, tokens() - first);
      const auto begin = ids_.begin() + first;
      const Batch batch{Sequence(1, count), {begin, begin + count}, {begin + 1, begin + count + 1}};
      std::vector<double> rows(static_cast<std::size_t>(count));
      model.score(batch, rows, h);
      for (const double row : rows) sum += row;
    }
    return is_finite(sum) ? sum : std::numeric_limits<double>::infinity();
  }

 private:
  Context& context_;
  const TrainedModel& trained_;
  std::vector<std::int32_t> ids_;  // the </s> before the text, then the text
};

/// Sums of nll over a text for every theta and lambda of a grid.
class CacheTrial {
 public:
  CacheTrial(Context& context, const AdaptationRequest& request, Index width)
      : request_(request), cache_(context, *request.cache, width) {}

  void add(ConstMatrixView h, std::span<const std::int32_t> targets, std::span<const double> nll) {
    if (sums_.empty()) begin(h);
    probabilities_.resize(nll.size() * thetas_.size());
    cache_.target_probabilities(h, targets, thetas_, probabilities_);
    for (std::size_t r = 0; r < nll.size(); ++r)
      for (std::size_t k = 0; k < thetas_.size(); ++k)
        for (std::size_t l = 0; l < lambdas_.size(); ++l)
          sums_[k * lambdas_.size() + l] += mixed_nll(lambdas_[l], probabilities_[r * thetas_.size() + k], nll[r]);
    tokens_ += static_cast<Index>(nll.size());
  }

  CacheSettings best() const {
    const std::size_t place = best_place(), l = lambdas_.size();
    return {*request_.cache, thetas_[place / l], lambdas_[place % l]};
  }
  std::string reached() const { return perplexity_text(sums_[best_place()], tokens_); }

 private:
  /// The size of the products is known as soon as there are rows.
  void begin(ConstMatrixView h) {
    double squares = 0;
    for (Index r = 0; r < h.rows; ++r) squares += kernels().sum_of_squares(h.cols, h.row(r));
    const double scale = squares > 0 ? static_cast<double>(h.rows) / squares : 1;
    for (const double theta : kThetas) thetas_.push_back(rounded(theta * scale));
    lambdas_.assign(std::begin(kLambdas), std::end(kLambdas));
    if (request_.theta) thetas_ = {*request_.theta};
    if (request_.lambda) lambdas_ = {*request_.lambda};
    sums_.assign(thetas_.size() * lambdas_.size(), 0.0);
  }

  std::size_t best_place() const {
    return static_cast<std::size_t>(std::min_element(sums_.begin(), sums_.end()) - sums_.begin());
  }

  const AdaptationRequest& request_;
  NeuralCache cache_;
  std::vector<double> thetas_, lambdas_;
  std::vector<double> probabilities_;  // [rows][thetas]
  std::vector<double> sums_;           // [thetas][lambdas]
  Index tokens_ = 0;
};

/// Tries values in turn and keeps the best in `value`. Rising values end where the score becomes worse.
template <class Values>
double choose(const DynamicTrial& trial, const Values& values, double scale, bool rising, DynamicSettings& settings,
              double DynamicSettings::*value, double best) {
  double chosen = settings.*value;
  for (const double candidate : values) {
    settings.*value = rounded(candidate * scale);
    const double nll = trial.nll(settings);
    if (nll < best) {
      best = nll;
      chosen = settings.*value;
    } else if (rising) {
      break;
    }
  }
  settings.*value = chosen;
  return best;
}

DynamicSettings choose_dynamic(const DynamicTrial& trial, const AdaptationRequest& request, Index tokens_per_step,
                               const std::function<void(const std::string&)>& tell) {
  DynamicSettings settings{request.segment, request.lr.value_or(0), request.decay.value_or(kFirstDecay)};
  double best = std::numeric_limits<double>::infinity();
  // The mean gradient over s tokens is about sqrt(n / s) times as large as over the n tokens of a training step.
  const double scale = std::sqrt(static_cast<double>(request.segment) / static_cast<double>(tokens_per_step));
  if (!request.lr) best = choose(trial, kRates, scale, true, settings, &DynamicSettings::lr, best);
  if (settings.lr == 0) settings.decay = 0;
  if (!request.decay && settings.lr > 0)
    best = choose(trial, kDecays, 1, false, settings, &DynamicSettings::decay, best);
  tell("dynamic evaluation: lr " + format_number(settings.lr) + ", decay " + format_number(settings.decay) + ": " +
       perplexity_text(best, trial.tokens()));
  return settings;
}

}  // namespace

Adaptation given_adaptation(const AdaptationRequest& request) {
  ensure(request.complete(), "nothing is left to choose");
  Adaptation adaptation;
  if (request.cache) adaptation.cache = {*request.cache, *request.theta, *request.lambda};
  if (request.dynamic) adaptation.dynamic = {request.segment, *request.lr, *request.decay};
  return adaptation;
}

Adaptation choose_adaptation(Context& context, const TrainedModel& trained, const AdaptationRequest& request,
                             const TuningText& text, const std::function<void(const std::string&)>& tell) {
  require_tokens(text.data, Split::valid);
  Adaptation adaptation;
  adaptation.chosen_on = "valid";
  if (request.dynamic) {
    adaptation.dynamic = {request.segment, request.lr.value_or(0), request.decay.value_or(0)};
    if (!request.lr || !request.decay)
      adaptation.dynamic =
          choose_dynamic(DynamicTrial(context, trained, text.data), request, text.tokens_per_step, tell);
  }
  if (!request.cache) return adaptation;
  if (request.theta && request.lambda) {
    adaptation.cache = {*request.cache, *request.theta, *request.lambda};
    return adaptation;
  }
  CacheTrial trial(context, request, input_widths(trained.config).back());
  std::optional<DynamicModel> dynamic;
  if (adaptation.dynamic) dynamic.emplace(context, trained, *adaptation.dynamic);
  Matrix h;
  text.scorer.adapt([&](const Batch& batch, const ModelCache& cache, std::span<double> nll) {
    if (dynamic) dynamic->score(batch, nll, h);
    trial.add(dynamic ? h : softmax_input(cache), batch.targets, nll);
  });
  evaluate_split(text.scorer, text.data, Split::valid, {StateKind::carry, 1});
  text.scorer.adapt({});
  adaptation.cache = trial.best();
  tell("cache: theta " + format_number(adaptation.cache->theta) + ", lambda " +
       format_number(adaptation.cache->lambda) + ": " + trial.reached());
  return adaptation;
}

}  // namespace moelm
