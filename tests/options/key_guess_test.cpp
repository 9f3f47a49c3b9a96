// Keys are guessed by meaning, then by spelling.
#include "options/key_guess.hpp"

#include <algorithm>

#include "options/config_json.hpp"
#include "run/resolve_config.hpp"
#include "support/catch.hpp"

using namespace moelm;

namespace {

std::vector<std::string> keys() {
  ConfigOptions small;
  small.preset = "small";
  return known_keys(resolve_config(small, nullptr, {}).config);
}

}  // namespace

TEST_CASE("names of keys in other programs are understood") {
  const std::pair<const char*, const char*> pairs[] = {{"lr", "train.lr"},
                                                       {"train.learning_rate", "train.lr"},
                                                       {"learning-rate", "train.lr"},
                                                       {"LR", "train.lr"},
                                                       {"batch_size", "train.batch"},
                                                       {"train.batch_size", "train.batch"},
                                                       {"dropout", "model.dropout"},
                                                       {"train.dropout", "model.dropout"},
                                                       {"hidden_size", "model.width"},
                                                       {"num_experts", "moe.experts"},
                                                       {"model.num_experts", "moe.experts"},
                                                       {"experts", "moe.experts"},
                                                       {"top_k", "moe.k"},
                                                       {"seq_len", "train.unroll"},
                                                       {"max_steps", "train.steps"},
                                                       {"beta1", "optimizer.default.beta1"},
                                                       {"momentum", "optimizer.default.beta1"},
                                                       {"d_ff", "moe.hidden"},
                                                       {"warmup_steps", "train.warmup"}};
  for (const auto& [word, key] : pairs) {
    CAPTURE(word);
    REQUIRE(key_guess(word, keys()) == key);
  }
}

TEST_CASE("a misspelled key is taken for the most similar one") {
  REQUIRE(key_guess("train.sed", keys()) == "train.seed");
  REQUIRE(key_guess("model.layers.2.expert", keys()) == "model.layers.2.experts");
  REQUIRE(key_meant("nonsense", keys()).empty());
  REQUIRE(key_meant("", keys()).empty());
  REQUIRE(key_meant("train.", keys()).empty());
}
