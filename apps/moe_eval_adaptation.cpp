#include "moe_eval_adaptation.hpp"

#include <cmath>

#include "base/machine.hpp"
#include "base/quantity.hpp"
#include "checkpoint/checkpoint.hpp"
#include "io/file.hpp"
#include "options/plan.hpp"

namespace moelm {

namespace {

std::string names(const AdaptationOptions& o) {
  if (!o.cache) return "--dynamic";
  return o.dynamic ? "--cache and --dynamic" : "--cache";
}

void require_switch(bool on, bool given, const std::string& name, const std::string& needed) {
  if (given && !on) throw Error(Exit::usage, name + ": expected " + needed + " beside it, found none");
}

GradientRms gradients_of(LoadedModel& model) {
  require_adaptable(model.run.config.model);
  const Manifest manifest = read_manifest(model.checkpoint, real_file_system());
  if (!files_left_out(model.checkpoint, manifest, real_file_system()).empty())
    throw Error(Exit::missing_input,
                join_path(model.checkpoint, kOptimizerFile) +
                    ": expected the gradients' second moments for --dynamic, found nothing; take " +
                    "a checkpoint that can be resumed, or --cache");
  const Checkpoint checkpoint = Checkpoint::open(model.checkpoint, CheckpointScope::everything);
  return read_gradient_rms(checkpoint.optimizer(), model.parameters, model.run.config.optimizer, model.step);
}

}  // namespace

void declare_adaptation(Command& command, AdaptationOptions& o) {
  command.option("--cache", "N", o.cache, 1,
                 "neural cache: mix in the words of the last N positions whose states were similar; not static");
  command.option("--cache-theta", "X", o.theta, 0, "how much similar states count; default: chosen on valid");
  command.option("--cache-lambda", "X", o.lambda, 0, "weight of the cache, below 1; default: chosen on valid");
  command.flag("--dynamic", o.dynamic,
               "dynamic evaluation: a copy of the weights goes on learning from the text just scored; not static");
  command.option("--dynamic-lr", "X", o.lr, 0, "its learning rate; default: chosen on valid");
  command.option("--dynamic-decay", "X", o.decay, 0, "pull back to the trained weights; default: chosen on valid");
  command.option("--dynamic-segment", "N", o.segment, 1, "tokens between two steps; default: 20");
}

AdaptationRequest adaptation_request(const AdaptationOptions& o, const EvaluationPolicy& policy) {
  require_switch(o.cache.has_value(), o.theta.has_value(), "--cache-theta", "--cache N");
  require_switch(o.cache.has_value(), o.lambda.has_value(), "--cache-lambda", "--cache N");
  require_switch(o.dynamic, o.lr.has_value(), "--dynamic-lr", "--dynamic");
  require_switch(o.dynamic, o.decay.has_value(), "--dynamic-decay", "--dynamic");
  require_switch(o.dynamic, o.segment.has_value(), "--dynamic-segment", "--dynamic");
  if (o.lambda.value_or(0) >= 1)
    throw Error(Exit::usage, "--cache-lambda: expected a number below 1, found " + format_number(*o.lambda));
  if (o.active() && policy.state != StateKind::carry)
    throw Error(Exit::usage, names(o) + ": expected state carry, because the text is read in its order, found " +
                                 std::string(enum_name(policy.state)) + "; try --state carry");
  if (o.active() && policy.streams > 1)
    throw Error(Exit::usage, names(o) + ": expected 1 stream, because the text is read in its order, found " +
                                 std::to_string(policy.streams));
  return {o.cache, o.theta, o.lambda, o.dynamic, o.lr, o.decay, o.segment.value_or(DynamicSettings{}.segment)};
}

ModelAdaptation::ModelAdaptation(Context& context, LoadedModel& model, const AdaptationRequest& request)
    : context_(context), model_(model), request_(request) {
  if (request.dynamic) gradients_ = gradients_of(model);
}

Index ModelAdaptation::require_memory(Index tokens) const {
  Adaptation adaptation;
  if (request_.cache) adaptation.cache = {*request_.cache, 0, 0};
  if (request_.dynamic) adaptation.dynamic = {request_.segment, 0, 0};
  const double bytes = adaptation_bytes(model_.run.config.model, model_.parameters, adaptation, tokens);
  const MemoryLimit limit = memory_limit();
  if (bytes > static_cast<double>(limit.bytes))
    throw Error(Exit::out_of_memory, "memory: expected at most " + format_bytes(limit.bytes) + " (" + limit.source +
                                         "), found " + format_number(std::round(bytes / double{1 << 30})) +
                                         " GiB needed by the adaptation" +
                                         (request_.cache ? "; try a smaller --cache" : ""));
  return static_cast<Index>(bytes);
}

Adaptation ModelAdaptation::begin(Scorer& scorer, const std::function<const Dataset&()>& data,
                                  const std::function<void(const std::string&)>& tell) {
  const TrainedModel trained{model_.run.config.model, model_.parameters, &gradients_};
  const Adaptation adaptation = request_.complete()
                                    ? given_adaptation(request_)
                                    : choose_adaptation(context_, trained, request_,
                                                        {scorer, data(), rows_per_step(model_.run.config.train)}, tell);
  scores_.emplace(context_, trained, adaptation);
  scorer.adapt(
      [this](const Batch& batch, const ModelCache& cache, std::span<double> nll) { (*scores_)(batch, cache, nll); });
  return adaptation;
}

}  // namespace moelm
