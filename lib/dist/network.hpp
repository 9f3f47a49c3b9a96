// A network between ranks, as a user describes it.
#pragma once

#include <string>
#include <string_view>

namespace moelm {

struct Network {
  double bytes_per_second = 1.25e9;
  double latency = 25e-6;  ///< seconds of a message
};

/// "10Gb/s:25us": bits a second (Mb/s, Gb/s), then microseconds (us) or milliseconds (ms). Error(usage) names `option`.
Network parse_network(std::string_view text, std::string_view option);

/// "10 Gb/s, 25 us".
std::string format_network(const Network& network);

}  // namespace moelm
