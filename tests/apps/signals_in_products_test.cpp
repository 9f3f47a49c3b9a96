// Signals into matrix products. On processors without AVX-512 oneDNN 2.6 keeps its own data where a handler's frame
// would go, so a handler on a thread that computes ends in corrupted memory; with large layers nearly all time is in
// products.
#include <csignal>
#include <filesystem>
#include <iostream>

#include "base/random.hpp"
#include "support/campaign.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/heeding.hpp"
#include "support/program.hpp"
#include "support/tiny_data.hpp"

using namespace moelm;

namespace {

struct Case {
  Case() {
    std::vector<std::string> words;
    for (int i = 0; i < 4000; ++i) words.push_back("w" + std::to_string(i));
    const RandomStream random(1, "campaign", 0);
    std::string text;
    for (Index i = 0; i < 20000; ++i)
      text += words[static_cast<std::size_t>(random.uniform(0, i, 0) * 4000)] + (i % 9 == 8 ? "\n" : " ");
    put_data(directory / "data", *tiny_tokenizer(TokenizerKind::word, words), {text, text.substr(0, 9000), text});
  }

  /// moe-train with large products. With `validates` every step is validated.
  std::vector<std::string> train(const std::string& threads, bool validates) const {
    return {MOELM_BIN_DIR "/moe-train",
            "--data",
            directory / "data",
            "--out",
            directory / "run",
            "--threads",
            threads,
            "-q",
            "--steps",
            "1000000",
            "--preset",
            "small",
            "--dtype",
            "f32",
            "--set",
            std::string("train.validate_every=") + (validates ? "1" : "1000000"),
            "--set",
            "train.batch=8"};
  }

  TemporaryDirectory directory;
};

void wait_for_first_step(const std::string& metrics) {
  for (int i = 0; i < 24000 && !holds(get_file(metrics), "grad_norm"); ++i) sleep_for(0.005);
}

}  // namespace

TEST_CASE("no thread of a training run lets a signal in, and none has a handler for it", "[signals]") {
  const Case c;
  Program program(c.train("3", true));
  wait_for_first_step(c.directory / "run/metrics.jsonl");
  const std::vector<std::string> threads = threads_of(program);
  REQUIRE(threads.size() >= 4);  // three compute, one waits for signals
  std::size_t open = 0;
  for (const std::string& thread : threads) {
    INFO(thread);
    REQUIRE((signal_mask(thread, "SigCgt") & stop_signal_mask()) == 0);
    open += (signal_mask(thread, "SigBlk") & stop_signal_mask()) != stop_signal_mask();
  }
  REQUIRE(open <= 1);  // the one that waits for signals does not block them while it sleeps
  program.signal(SIGTERM);
  REQUIRE(program.finish().code == 75);
}

TEST_CASE("signals into products of training and of validation all end with 75", "[signals]") {
  const Case c;
  const RandomStream random(2, "campaign", 0);
  const int signals = long_campaign() ? 500 : 8;
  for (int i = 0; i < signals; ++i) {
    // A new run each time: until its first step a signal may find the program at its start.
    std::filesystem::remove_all(c.directory / "run");
    Program program(c.train("1", i % 2 == 0));
    wait_for_first_step(c.directory / "run/metrics.jsonl");
    sleep_for(0.7 * random.uniform(0, i, 0));
    program.signal(kStopSignals[static_cast<std::size_t>(i) % kStopSignals.size()]);
    const ProgramResult result = program.finish();
    INFO("signal " << i << ": " << result.err);
    REQUIRE(result.code == 75);
  }
  std::cout << signals << " signals into products\n";
}
