// Times, sizes and counts in the forms that people write.
#include "base/quantity.hpp"

#include <string>

#include "support/catch.hpp"

using namespace moelm;

TEST_CASE("durations are read with and without units") {
  REQUIRE(parse_duration("90") == 90.0);
  REQUIRE(parse_duration("90s") == 90.0);
  REQUIRE(parse_duration("10m") == 600.0);
  REQUIRE(parse_duration("1.5h") == 5400.0);
  REQUIRE(parse_duration("1h30m") == 5400.0);
  REQUIRE(parse_duration("2d") == 172800.0);
  REQUIRE(parse_duration("0") == 0.0);
  for (const char* text : {"", "h", "3x", "-1", "-1m", "1h30", "nan", "inf", "1e30", "1e30h", "3 h", "3h "})
    REQUIRE_FALSE(parse_duration(text));
}

TEST_CASE("numbers are read whole or not at all") {
  REQUIRE(parse_index("-12") == -12);
  REQUIRE_FALSE(parse_index("12x"));
  REQUIRE_FALSE(parse_index("1.0"));
  REQUIRE_FALSE(parse_index("99999999999999999999"));
  REQUIRE(parse_number("2e-3") == 0.002);
  for (const char* text : {"", "inf", "nan", "1,5", "1 "}) REQUIRE_FALSE(parse_number(text));
}

TEST_CASE("sizes, counts and times are written for people") {
  REQUIRE(format_bytes(12) == "12 bytes");
  REQUIRE(format_bytes(Index{3} << 29) == "1.50 GiB");
  REQUIRE(format_bytes(1024 * 1024 - 1) == "1.00 MiB");
  REQUIRE(format_count(37781504) == "37,781,504");
  REQUIRE(format_count(100) == "100");
  REQUIRE(format_count(-1000) == "-1,000");
  REQUIRE(format_counted(0, "line") == "0 lines");
  REQUIRE(format_counted(1, "line") == "1 line");
  REQUIRE(format_counted(2048, "token") == "2,048 tokens");
  REQUIRE(format_bytes(1) == "1 byte");
  REQUIRE(format_number(0.002) == "0.002");
  REQUIRE(format_number(1e-8) == "1e-08");
  REQUIRE(format_duration(45.4) == "45s");
  REQUIRE(format_duration(200) == "3m20s");
  REQUIRE(format_duration(7500) == "2h05m");
  REQUIRE(format_duration(86400 * 3 + 4 * 3600) == "3d04h");
}
