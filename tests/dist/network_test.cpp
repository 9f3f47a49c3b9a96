// Networks as users write them.
#include "dist/network.hpp"

#include "base/error.hpp"
#include "support/catch.hpp"

using namespace moelm;

TEST_CASE("rates in bits and latencies are read") {
  const Network network = parse_network("10Gb/s:25us", "--network");
  REQUIRE(network.bytes_per_second == Approx(1.25e9));
  REQUIRE(network.latency == Approx(25e-6));
  REQUIRE(parse_network("250Mb/s:1.5ms", "--network").bytes_per_second == Approx(31.25e6));
  REQUIRE(parse_network("250Mb/s:1.5ms", "--network").latency == Approx(1.5e-3));
  REQUIRE(network.message == Approx(5e-6));
  REQUIRE(parse_network("10Gb/s:25us:1.5us", "--network").message == Approx(1.5e-6));
  REQUIRE(format_network(network) == "10 Gb/s, 25 us, 5 us a message");
}

TEST_CASE("other networks are refused") {
  for (const char* text : {"", "10", "10Gb/s", "10gb/s:25us", "10Gb/s:25", "-1Gb/s:25us", "0Gb/s:1us", "Gb/s:us",
                           "1Gb/s:nanus", "1Gb/s:1us:", "1Gb/s:1us:2", "1Gb/s:1us:2us:3us"})
    REQUIRE_THROWS_WITH(
        parse_network(text, "--network"),
        Catch::Matchers::StartsWith("--network: expected a rate and a latency like 10Gb/s:25us, found"));
}
