// The seeds of the fuzzers as an ordinary test, with any compiler: every seed does what its name says, and none of its
// mutations breaks a promise.
#include <algorithm>
#include <filesystem>
#include <map>

#include "fuzz/targets.hpp"
#include "support/catch.hpp"
#include "support/random_bytes.hpp"
#include "support/temporary_directory.hpp"

using namespace moelm;

namespace {

/// The seeds of a target by name.
std::map<std::string, std::string> seeds_of(const std::string& target) {
  std::map<std::string, std::string> seeds;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(MOELM_SEEDS) + "/" + target))
    seeds[entry.path().filename().string()] = get_file(entry.path().string());
  return seeds;
}

/// Changes as fuzzers make them: bits, bytes, cuts, repetitions, pieces of another seed, and great numbers.
std::string mutated(std::string bytes, const std::string& other, RandomBytes& random) {
  static const std::vector<std::string> kNumbers = {"-1", "18446744073709551614", "9223372036854775807", "1e308",
                                                    "0",  std::string(8, '\xff'), std::string(4, '\0')};
  for (std::uint64_t changes = 1 + random.below(4); changes > 0; --changes) {
    const std::size_t at = random.below(bytes.size() + 1), count = random.below(20);
    switch (random.below(6)) {
      case 0:
        if (at < bytes.size()) bytes[at] = static_cast<char>(bytes[at] ^ (1u << random.below(8)));
        break;
      case 1:
        if (at < bytes.size()) bytes[at] = static_cast<char>(random.below(256));
        break;
      case 2:
        bytes.erase(at, count);
        break;
      case 3:
        bytes.insert(at, bytes.substr(random.below(bytes.size() + 1), count));
        break;
      case 4:
        bytes.insert(at, other.substr(random.below(other.size() + 1), count));
        break;
      default:
        bytes.replace(at, std::min<std::size_t>(count, 8), kNumbers[random.below(kNumbers.size())]);
    }
  }
  return bytes;
}

}  // namespace

TEST_CASE("seeds are accepted or refused as their names say") {
  for (const FuzzTarget& target : kFuzzTargets) {
    int good = 0, bad = 0;
    for (const auto& [name, bytes] : seeds_of(target.name)) {
      INFO(target.name << "/" << name);
      const std::string refusal = target.run(bytes);
      INFO(refusal);
      CHECK(refusal.empty() == name.starts_with("good"));
      ++(name.starts_with("good") ? good : bad);
    }
    INFO(target.name);
    CHECK(good >= 1);
    CHECK(bad >= 1);
  }
}

TEST_CASE("a thousand mutations of the seeds of every target break no promise") {
  for (const FuzzTarget& target : kFuzzTargets) {
    INFO(target.name);
    std::vector<std::string> seeds;
    for (const auto& [name, bytes] : seeds_of(target.name)) seeds.push_back(bytes);
    RandomBytes random(7);
    int refused = 0;
    for (int i = 0; i < 1000; ++i) {
      const std::string& seed = seeds[random.below(seeds.size())];
      const std::string bytes = mutated(seed, seeds[random.below(seeds.size())], random);
      REQUIRE_NOTHROW(refused += !target.run(bytes).empty());
    }
    CHECK(refused > (std::string(target.name) == "text" ? 10 : 300));
  }
}
