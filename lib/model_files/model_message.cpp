#include "model_files/model_message.hpp"

#include "dist/message.hpp"
#include "options/config_json.hpp"

namespace moelm {

void announce_model(Communicator& ranks, Order order, const SharedModel& model) {
  if (ranks.size() == 1) return;
  MessageWriter message;
  message.text(json_text(config_json(model.config)));
  message.value(model.vocabulary);
  message.value(model.products);
  message.value(model.threads);
  give_order(ranks, order, message.finish());
}

SharedModel read_model(const Bytes& content) {
  constexpr const char* kSource = "configuration of rank 0";
  MessageReader message(content);
  ConfigDraft draft;
  apply_document(parse_json(message.text(), kSource), kSource, draft);
  SharedModel model;
  model.config = std::move(draft.config);
  model.vocabulary = message.value<Index>();
  model.products = message.value<DataType>();
  model.threads = message.value<int>();
  return model;
}

}  // namespace moelm
