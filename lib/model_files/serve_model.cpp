#include "model_files/serve_model.hpp"

#include "dist/message.hpp"
#include "model/language_model.hpp"
#include "options/config_json.hpp"

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
                Communicator& ranks, const std::function<void(const Bytes& order)>& step) {
  ModelCache cache = fresh_cache();
  while (true) {
    const GivenOrder given = receive_order(ranks);
    if (given.order == Order::step || given.order == Order::store) cache = fresh_cache();
    switch (given.order) {
      case Order::step:
        ensure(step != nullptr, "steps are ordered where a model is trained");
        step(given.content);
        break;
      case Order::pass:
        model_serve_forward(context, config, parameters, {}, cache);
        break;
      case Order::store:
        held.store(ranks, given.content);
        break;
      case Order::fetch:
        held.fetch(ranks, given.content);
        break;
      case Order::end:
        return MessageReader(given.content).value<int>();
      case Order::train:
      case Order::score:
        ensure(false, "a rank gets one model");
    }
  }
}

void announce_scoring(Communicator& ranks, const ModelConfig& model, Index vocabulary, const Context& context) {
  RunConfig config;
  config.model = model;
  MessageWriter message;
  message.text(json_text(config_json(config)));
  message.value(vocabulary);
  message.value(context.products());
  give_order(ranks, Order::score, message.finish());
}

int follow_scoring(Communicator& ranks, int threads) {
  const GivenOrder first = receive_order(ranks);
  MessageReader message(first.content);
  if (first.order == Order::end) return message.value<int>();
  ConfigDraft draft;
  apply_document(parse_json(message.text(), "configuration of rank 0"), "configuration of rank 0", draft);
  const auto vocabulary = message.value<Index>();
  Context context(threads, message.value<DataType>());
  ModelParameters parameters = make_parameters(draft.config.model, vocabulary, &ranks);
  HeldTensors held;
  held.add(named_tensors(parameters));
  return serve_model(context, draft.config.model, parameters, held, ranks);
}

}  // namespace moelm
