// Every changed byte of a manifest is noticed, and names of checkpoints are parsed strictly.
#include "checkpoint/manifest.hpp"

#include "io/checksum.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

using namespace moelm;

namespace {

Manifest sample() {
  Manifest manifest;
  manifest.name = {1200, 1};
  manifest.best = "step-000000000900";
  manifest.program = "moelm 0.1.0";
  manifest.files = {{"model.safetensors", 123, sha256_hex("a")}, {"state.json", 0, sha256_hex("")}};
  return manifest;
}

// The text with another body and a valid checksum, as an attacker would write it.
std::string forged(const std::string& from, const std::string& to) {
  std::string text = manifest_text(sample());
  std::string body = text.substr(0, text.rfind(",\n \"checksum\""));
  const std::size_t at = body.find(from);
  REQUIRE(at != std::string::npos);
  body.replace(at, from.size(), to);
  return body + ",\n \"checksum\": \"" + sha256_hex(body + "\n}") + "\"\n}\n";
}

std::string refusal(const std::string& text) {
  return error_text([&] { parse_manifest(text, "M"); });
}

}  // namespace

TEST_CASE("a manifest is read as it was written") {
  const Manifest expected = sample();
  const Manifest found = parse_manifest(manifest_text(expected), "M");
  REQUIRE(found.name == expected.name);
  REQUIRE(found.best == expected.best);
  REQUIRE(found.program == expected.program);
  REQUIRE(found.files.size() == 2);
  REQUIRE(found.find("model.safetensors")->bytes == 123);
  REQUIRE(found.find("model.safetensors")->sha256 == sha256_hex("a"));
  REQUIRE(found.find("optimizer.safetensors") == nullptr);
}

TEST_CASE("every flipped bit, every truncation and every addition is noticed") {
  const std::string good = manifest_text(sample());
  for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    REQUIRE(refusal(bad) != "");
  }
  for (std::size_t length = 0; length < good.size(); ++length) REQUIRE(refusal(good.substr(0, length)) != "");
  REQUIRE(refusal(good + "\n") != "");
}

TEST_CASE("a forged manifest cannot name files elsewhere, twice, or hide anything") {
  REQUIRE(refusal(forged("1200", "1200")) == "");
  REQUIRE(holds(refusal(forged("model.safetensors", "../../etc/passwd")), "plain file name"));
  REQUIRE(holds(refusal(forged("state.json", "model.safetensors")), "each file once"));
  REQUIRE(holds(refusal(forged("\"program\"", "\"extra\": 1, \"program\"")), "M: extra: unknown key"));
  REQUIRE(holds(refusal(forged("\"program\"", "\"step\": 1, \"program\"")), "twice"));
  REQUIRE(holds(refusal(forged("123", "-1")), "expected an integer"));
  REQUIRE(holds(refusal(forged("123", "18446744073709551614")), "expected an integer"));
  REQUIRE(holds(refusal(forged(sha256_hex("a"), "abc")), "hexadecimal"));
  REQUIRE(holds(refusal(forged("\"step\": 1200", "\"step\": 1201")), "name of the step"));
  REQUIRE(holds(refusal(forged("step-000000000900", "../x")), "name of a checkpoint"));
  REQUIRE(holds(refusal(forged("moelm-checkpoint", "other")), "expected \"moelm-checkpoint\""));
}

TEST_CASE("a later version is Error(bad_config), not damage") {
  REQUIRE(error_exit([] { parse_manifest(forged("\"version\": 1", "\"version\": 2"), "M"); }) == Exit::bad_config);
}

TEST_CASE("names of checkpoints are parsed exactly and ordered by age") {
  REQUIRE(CheckpointName{12, 0}.text() == "step-000000000012");
  REQUIRE(CheckpointName{12, 3}.text() == "step-000000000012-3");
  REQUIRE(CheckpointName::parse("step-000000000012-3") == CheckpointName{12, 3});
  REQUIRE(CheckpointName{12, 3} < CheckpointName{13, 0});
  REQUIRE(CheckpointName{12, 0} < CheckpointName{12, 1});
  for (const char* text :
       {"", "step-", "step-12", "step-00000000001x", "step-+00000000012", "step--00000000012", "step-000000000012-",
        "step-000000000012-0", "step-000000000012-03", "step-000000000012-x", "step-000000000012--1",
        "step-000000000012-99999999999", " step-000000000012", "step-0000000000123", ".tmp-step-000000000012-1-0"})
    REQUIRE_FALSE(CheckpointName::parse(text).has_value());
}
