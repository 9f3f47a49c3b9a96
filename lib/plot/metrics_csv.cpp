#include "plot/metrics_csv.hpp"

#include <cmath>
#include <unordered_map>
#include <vector>

#include "base/quantity.hpp"
#include "checkpoint/metrics_log.hpp"

namespace moelm {

namespace {

constexpr const char* kFirstColumns = "run,step,split,tokens,time";

/// The number of a value, or nothing: NaN and infinities are strings in a log.
std::optional<double> number_of(const Json& value) {
  if (value.is_number()) return value.get<double>();
  if (value == "NaN") return std::nan("");
  if (value == "Infinity") return INFINITY;
  if (value == "-Infinity") return -INFINITY;
  return std::nullopt;
}

std::string number_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return format_number(value);
}

std::string field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

/// Calls take(column, number) for every number of a line beside the first columns.
template <class Take>
void for_each_number(const Json& line, const Take& take) {
  for (const auto& [key, value] : line.items()) {
    if (key == "step" || key == "tokens" || key == "time" || key == "split") continue;
    if (const auto number = number_of(value)) take(key, *number);
  }
  const auto layers = line.find("moe");
  if (layers == line.end() || !layers->is_array()) return;
  for (const Json& layer : *layers) {
    if (!layer.is_object() || !layer.contains("layer")) continue;
    const std::string prefix = "layer" + layer["layer"].dump() + "_";
    for (const auto& [key, value] : layer.items()) {
      if (key == "layer") continue;
      if (const auto number = number_of(value)) take(prefix + key, *number);
    }
  }
}

/// The lines of a log that are steps or validations.
void for_each_row(const std::string& log, const std::function<void(const Json&)>& take) {
  for_each_metric(log, [&](const Json& line) {
    if (!line.contains("event") && line.contains("step")) take(line);
  });
}

/// A value of a line as a cell.
std::string cell(const Json& line, const char* key) {
  const auto found = line.find(key);
  if (found == line.end()) return "";
  if (found->is_string()) return field(found->get_ref<const std::string&>());
  const auto number = number_of(*found);
  return number ? number_text(*number) : "";
}

}  // namespace

void write_metrics_csv(const std::vector<RunCurves>& runs, const std::function<void(std::string_view)>& write) {
  std::unordered_map<std::string, std::size_t> place;
  std::string head = kFirstColumns;
  for (const RunCurves& run : runs)
    for_each_row(run.log, [&](const Json& line) {
      for_each_number(line, [&](const std::string& column, double) {
        if (place.emplace(column, place.size()).second) head += "," + field(column);
      });
    });
  write(head + "\n");
  std::vector<std::string> cells(place.size());
  for (const RunCurves& run : runs)
    for_each_row(run.log, [&](const Json& line) {
      for (std::string& text : cells) text.clear();
      for_each_number(line, [&](const std::string& column, double number) {
        // A run that is being trained may have grown since the head was written.
        if (const auto found = place.find(column); found != place.end()) cells[found->second] = number_text(number);
      });
      const std::string split = cell(line, "split");
      std::string row = field(run.name) + "," + cell(line, "step") + "," + (split.empty() ? "train" : split) + "," +
                        cell(line, "tokens") + "," + cell(line, "time");
      for (const std::string& text : cells) row.append(",").append(text);
      write(row + "\n");
    });
}

}  // namespace moelm
