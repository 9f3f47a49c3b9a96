// Two runs with other weights, their data, and the programs that compare and mix, as the tests of both use them.
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

/// `documents` documents of two lines, with a blank line after each.
inline std::string documents_text(int documents) {
  static const std::vector<std::string> kWords = {"the", "cat", "dog", "sat", "ran", "on", "mat", "a", "zebra"};
  std::string text;
  for (int d = 0; d < documents; ++d) {
    for (int line = 0; line < 2; ++line) {
      for (int w = 0; w <= (d * 5 + line) % 7; ++w)
        text += kWords[static_cast<std::size_t>(d * d + 3 * w * w + line) % kWords.size()] + " ";
      text += "\n";
    }
    text += "\n";
  }
  return text;
}

/// data/ and runs a, b, a2, b2 on it.
struct ComparisonCase {
  ComparisonCase() {
    const auto tokenizer =
        tiny_tokenizer(TokenizerKind::word, {"the", "cat", "dog", "sat", "ran", "on", "mat", "a", "bell\x07"});
    put_data(directory / "data", *tokenizer,
             {documents_text(50), documents_text(8) + "the bell\x07\n", documents_text(12)});
    std::uint64_t seed = 7;
    for (const char* name : {"a", "b", "a2", "b2"})
      put_run(directory / name, directory / "data", StateKind::carry, seed += 10);
  }

  /// Runs a line of sh in the folder with the programs on its path.
  ProgramResult shell(const std::string& line) const {
    return run_program(
        {"/bin/sh", "-c",
         "cd '" + (directory / "") + "' && PATH='" MOELM_BIN_DIR "':$PATH && export OMP_NUM_THREADS=1 && " + line});
  }
  Json json(const std::string& line) const {
    const ProgramResult result = shell(line + " --json");
    INFO(line << ": " << result.err);
    REQUIRE(result.code == 0);
    return parse_json(result.out, "output");
  }
  /// Perplexity as moe-eval or moe-ngram says it.
  double perplexity(const std::string& line) const { return json(line)["perplexity"].get<double>(); }

  TemporaryDirectory directory;
};

}  // namespace moelm
