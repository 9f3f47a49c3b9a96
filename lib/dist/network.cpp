#include "dist/network.hpp"

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
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos) {
    const auto bits = quantity(text.substr(0, colon), {"Mb/s", 1e6}, {"Gb/s", 1e9});
    const auto seconds = quantity(text.substr(colon + 1), {"us", 1e-6}, {"ms", 1e-3});
    if (bits && seconds) return {*bits / 8, *seconds};
  }
  throw Error(Exit::usage, std::string(option) + ": expected a rate and a latency like 10Gb/s:25us, found \"" +
                               excerpt(text) + "\"");
}

std::string format_network(const Network& network) {
  const auto thousandths = [](double value) { return std::round(value * 1e3) / 1e3; };
  return format_number(thousandths(network.bytes_per_second * 8 / 1e9)) + " Gb/s, " +
         format_number(thousandths(network.latency * 1e6)) + " us";
}

}  // namespace moelm
