#include "tensorboard/metric_events.hpp"

#include <string_view>
#include <utility>
#include <vector>

#include "tensorboard/event_record.hpp"

namespace moelm {

namespace {

constexpr std::string_view kExpertPrefix = "expert_";

class LineEvents {
 public:
  explicit LineEvents(const Json& line) : valid_(line.contains("split")) {
    for (const auto& [key, value] : line.items())
      if (value.is_number() && key != "step" && key != "tokens") add_scalar(tag_of(key), value);
    if (const auto layers = line.find("moe"); layers != line.end())
      for (const Json& layer : *layers) add_layer(layer);
  }

  std::string record(const EventTime& time) const { return summary_record(time, scalars_, histograms_); }

 private:
  std::string tag_of(const std::string& key) const {
    if (valid_) return "valid/" + key;
    return key == "loss" || key == "ppl" ? "train/" + key : key;
  }

  void add_scalar(std::string tag, const Json& value) { scalars_.push_back({std::move(tag), value.get<double>()}); }

  void add_layer(const Json& layer) {
    const std::string name = "moe/layer" + layer.at("layer").dump() + "/";
    for (const auto& [key, value] : layer.items()) {
      if (key == "layer") continue;
      if (value.is_number()) add_scalar((valid_ ? "valid/" : "") + name + key, value);
      if (value.is_array() && key.starts_with(kExpertPrefix))
        histograms_.push_back({name + key.substr(kExpertPrefix.size()), value.get<std::vector<double>>()});
    }
  }

  bool valid_;
  std::vector<EventScalar> scalars_;
  std::vector<EventHistogram> histograms_;
};

}  // namespace

std::string metric_record(const Json& line, double seconds) {
  const Index step = line.at("step").get<Index>();
  if (const auto event = line.find("event"); event != line.end())
    return *event == "resume" ? start_record({seconds, step + 1}) : "";
  return LineEvents(line).record({seconds, step});
}

}  // namespace moelm
