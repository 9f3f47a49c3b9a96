#include "dist/network.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "base/quantity.hpp"

namespace moelm {

namespace {

/// The positive number before one of the units, times the unit.
std::optional<double> quantity(std::string_view text, std::pair<std::string_view, double> small,
                               std::pair<std::string_view, double> large) {
  for (const auto& [unit, size] : {small, large}) {
    if (!text.ends_with(unit)) continue;
    const std::optional<double> number = parse_number(text.substr(0, text.size() - unit.size()));
    if (number && *number > 0) return *number * size;
  }
  return std::nullopt;
}

}  // namespace

Network parse_network(std::string_view text, std::string_view option) {
  const auto seconds_of = [](std::string_view time) { return quantity(time, {"us", 1e-6}, {"ms", 1e-3}); };
  const std::size_t first = std::min(text.find(':'), text.size()),
                    second = std::min(text.find(':', first + 1), text.size());
  Network network;
  const auto bits = quantity(text.substr(0, first), {"Mb/s", 1e6}, {"Gb/s", 1e9});
  const auto latency = first < text.size() ? seconds_of(text.substr(first + 1, second - first - 1)) : std::nullopt;
  const auto message = second < text.size() ? seconds_of(text.substr(second + 1)) : std::optional(network.message);
  if (bits && latency && message) return {*bits / 8, *latency, *message};
  throw Error(Exit::usage, std::string(option) + ": expected a rate and a latency like 10Gb/s:25us, found \"" +
                               excerpt(text) + "\"");
}

std::string format_network(const Network& network) {
  const auto thousandths = [](double value) { return std::round(value * 1e3) / 1e3; };
  const auto microseconds = [&](double seconds) { return format_number(thousandths(seconds * 1e6)) + " us"; };
  return format_number(thousandths(network.bytes_per_second * 8 / 1e9)) + " Gb/s, " + microseconds(network.latency) +
         ", " + microseconds(network.message) + " a message";
}

}  // namespace moelm
