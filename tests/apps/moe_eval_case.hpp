// A run, its data and moe-eval, as the tests of the program use them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "io/json.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/program.hpp"
#include "support/tiny_run.hpp"

namespace moelm {

inline const std::string kText = "the cat sat\n\na zebra ran on the mat\n<unk> dog\n";
inline constexpr Index kTokens = 4 + 1 + 7 + 3;

inline std::vector<std::string> words() { return {"the", "cat", "dog", "sat", "ran", "on", "mat", "a", "bell\x07"}; }

/// data/, run/ trained on it, and the program.
struct EvalCase {
  explicit EvalCase(StateKind state = StateKind::carry, Index unknown_count = 1) {
    tokenizer = tiny_tokenizer(TokenizerKind::word, words(), unknown_count);
    put_data(data(), *tokenizer, {"the cat\n", "a dog\n", kText});
    put_run(run(), data(), state);
  }

  TemporaryDirectory directory;
  std::unique_ptr<Tokenizer> tokenizer;

  std::string data() const { return directory / "data"; }
  std::string run() const { return directory / "run"; }
  std::string file(const std::string& text) const {
    put_file(directory / "text", text);
    return directory / "text";
  }
  ProgramResult eval(std::vector<std::string> arguments, const std::string& input = "") const {
    return run_program(command(std::move(arguments)), input);
  }
  std::vector<std::string> command(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {MOELM_BIN_DIR "/moe-eval", run(), "--threads", "2"});
    return arguments;
  }
  Json summary(std::vector<std::string> arguments, const std::string& input = "") const {
    arguments.push_back("--json");
    const ProgramResult result = eval(std::move(arguments), input);
    INFO(result.err);
    REQUIRE(result.code == 0);
    return parse_json(result.out, "output");
  }
  double nll(const std::vector<std::string>& arguments, const std::string& input = "") const {
    return summary(arguments, input)["nll_nats"].get<double>();
  }
};

}  // namespace moelm
