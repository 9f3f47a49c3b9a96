// Scores lines of standard input with a model of moelm: log10 probability and tokens of each, as
// `moe-eval RUN - --per-sentence` prints them.
//
//   g++ -std=c++20 -O2 score.cpp -o score $(pkg-config --cflags --libs moelm)
//   ./score run/ < lines.txt
#include <cmath>
#include <cstdio>
#include <iostream>
#include <moelm/language_model.hpp>
#include <string>

namespace {

/// ln of the probability of the tokens, each of which the model reads after it was asked for it.
double score(moelm::LanguageModel& model, const std::vector<std::int32_t>& tokens) {
  moelm::StreamState state = model.start();
  std::int32_t before = model.start_token();
  double sum = 0;
  for (const std::int32_t token : tokens) {
    model.read({&before, 1}, state);
    sum += model.log_probabilities({&token, 1})[0];
    before = token;
  }
  return sum;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: score RUN < lines\n");
    return 2;
  }
  try {
    moelm::LanguageModel model(argv[1]);
    for (std::string line; std::getline(std::cin, line);) {
      const std::vector<std::int32_t> tokens = model.encode_line(line);
      std::printf("%.6f\t%zu\n", score(model, tokens) / std::log(10.0), tokens.size());
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return moelm::exit_code(error);
  }
  return std::fflush(stdout) == 0 ? 0 : 74;
}
