// A network between ranks, as a user describes it.
#pragma once

#include <string>
#include <string_view>

namespace moelm {

struct Network {
  double bytes_per_second = 1.25e9;
  double latency = 25e-6;  ///< seconds until a message arrives
  double message = 5e-6;   ///< seconds that a message takes its sender, whatever its size: of TCP, an assumption
};

/// "10Gb/s:25us": bits a second (Mb/s, Gb/s), then the latency in microseconds (us) or milliseconds (ms);
/// "10Gb/s:25us:5us" with the time that sending a message takes. Error(usage) names `option`.
Network parse_network(std::string_view text, std::string_view option);

/// "10 Gb/s, 25 us, 5 us a message".
std::string format_network(const Network& network);

}  // namespace moelm
