// SHA-256 equals the test vectors of FIPS 180-4, however the bytes arrive.
#include "io/checksum.hpp"

#include "base/error.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace moelm;

TEST_CASE("SHA-256 equals its published test vectors") {
  REQUIRE(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  REQUIRE(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  REQUIRE(sha256_hex(std::string(1000000, 'a')) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("pieces give the checksum of the whole, and finishing starts anew") {
  Sha256 sum;
  sum.add("a");
  sum.add("");
  REQUIRE(sum.so_far() == sha256_hex("a"));
  sum.add("bc");
  REQUIRE(sum.finish() == sha256_hex("abc"));
  REQUIRE(sum.finish() == sha256_hex(""));
}

TEST_CASE("a file has the checksum of its contents; links are refused") {
  TemporaryDirectory directory;
  const std::string text(3000000, 'q');
  put_file(directory / "a", text);
  REQUIRE(sha256_of_file(directory / "a") == sha256_hex(text));
  std::filesystem::create_symlink("a", directory / "link");
  REQUIRE_THROWS_AS(sha256_of_file(directory / "link"), Error);
}

TEST_CASE("the form of a checksum is recognised") {
  REQUIRE(is_sha256_hex(sha256_hex("abc")));
  REQUIRE_FALSE(is_sha256_hex("abc"));
  REQUIRE_FALSE(is_sha256_hex(std::string(64, 'g')));
  REQUIRE_FALSE(is_sha256_hex(std::string(64, 'A')));
}
