#include "model_files/serve_model.hpp"

#include "base/check.hpp"
#include "model/language_model.hpp"
#include "model_files/model_message.hpp"

namespace moelm {

namespace {

/// Weights are packed once for all passes between two changes.
ModelCache fresh_cache() {
  ModelCache cache;
  cache.packing = WeightPacking::once;
  return cache;
}

}  // namespace

int serve_model(Context& context, const ModelConfig& config, const ModelParameters& parameters, const HeldTensors& held,
                Communicator& ranks, const std::function<void(const GivenOrder& given)>& train) {
  ModelCache cache = fresh_cache();
  while (true) {
    const GivenOrder given = receive_order(ranks);
    if (given.order == Order::step || given.order == Order::store) cache = fresh_cache();
    switch (given.order) {
      case Order::step:
      case Order::states:
        ensure(train != nullptr, "steps are ordered where a model is trained");
        train(given);
        break;
      case Order::pass:
        model_serve(context, config, parameters, cache);
        break;
      case Order::store:
        held.store(ranks, given.content);
        break;
      case Order::fetch:
        held.fetch(ranks, given.content);
        break;
      case Order::end:
        return exit_code_of(given);
      case Order::train:
      case Order::score:
        ensure(false, "a rank gets one model");
    }
  }
}

int follow_scoring(Communicator& ranks, int own_threads) {
  const GivenOrder first = receive_order(ranks);
  if (first.order == Order::end) return exit_code_of(first);
  const SharedModel model = read_model(first.content);
  Context context(model.threads > 0 ? model.threads : own_threads, model.products);
  ModelParameters parameters = make_parameters(model.config.model, model.vocabulary, &ranks);
  HeldTensors held;
  held.add(named_tensors(parameters));
  return serve_model(context, model.config.model, parameters, held, ranks);
}

}  // namespace moelm
