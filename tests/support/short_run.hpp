// A run that is trained in no time, and told what to do in between.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "support/error_of.hpp"
#include "support/temporary_directory.hpp"
#include "support/tiny_data.hpp"
#include "training/training_run.hpp"

namespace moelm {

/// Keeps what it is told.
class KeepingObserver final : public TrainObserver {
 public:
  void message(const std::string& text) override { told += text + "\n"; }
  void on_step(const StepReport& report) override {
    if (first_loss < 0) first_step = report.progress.step, first_loss = report.result.losses.cross_entropy;
  }

  std::string told;
  Index first_step = 0;
  double first_loss = -1;
};

/// A folder with data, and runs beside them.
struct ShortRuns {
  ShortRuns() {
    put_words("data", {"a", "b", "c"});
    config.model = tiny_model();
    config.train.batch = 2;
    config.train.unroll = 3;
    config.train.lr = 0.05;
    config.train.warmup = 1;
    config.train.steps = 12;
  }

  /// Data of as many words, whatever they are.
  void put_words(const std::string& name, const std::vector<std::string>& words) const {
    const std::string all = words[0] + " " + words[1] + " " + words[2] + "\n";
    put_data(directory / name, *tiny_tokenizer(TokenizerKind::word, words), {all + all + all, all, all});
  }
  std::string path(const std::string& name) const { return directory / name; }
  Dataset data(const std::string& name = "data") const { return Dataset::open(directory / name); }

  /// A run not yet begun.
  StoredRun fresh(const std::string& run, const RunOrigin& origin = {}) const {
    return new_run(path(run), config, data(), origin);
  }
  /// Begins a run or goes on with it, and trains to its end unless `steps` is false.
  KeepingObserver train(const std::string& run, const StoredRun& stored, FileSystem& files = real_file_system(),
                        bool steps = true) const {
    const Dataset dataset = data();
    Context context(1);
    KeepingObserver observer;
    TrainingStart start;
    start.run = path(run);
    start.files = &files;
    TrainingRun training(context, stored, dataset, start, observer);
    if (steps) training.run();
    return observer;
  }

  TemporaryDirectory directory;
  RunConfig config;
};

}  // namespace moelm
