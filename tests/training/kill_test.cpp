// kill -9 during training: half of the time at random moments, half at a chosen call within a save. No checkpoint that
// was reported as durable is lost, and the continued run ends with the bytes of one that was never killed.
#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <string>
#include <thread>
#include <utility>

#include "base/random.hpp"
#include "checkpoint/verify.hpp"
#include "io/file.hpp"
#include "support/campaign.hpp"
#include "support/catch.hpp"
#include "support/child_process.hpp"
#include "support/faulty_file_system.hpp"
#include "support/new_run.hpp"
#include "support/temporary_directory.hpp"
#include "support/tiny_data.hpp"
#include "training/training_run.hpp"

using namespace moelm;

namespace {

RunConfig config_of() {
  RunConfig config;
  config.model = tiny_model();
  config.model.dropout = 0.2;
  config.train.batch = 3;
  config.train.unroll = 7;
  config.train.lr = 0.01;
  config.train.schedule = ScheduleKind::plateau;
  config.train.warmup = 5;
  config.train.steps = 40;
  config.train.validate_every = 6;
  config.train.checkpoint_every = "3";
  config.train.keep = 2;
  return config;
}

/// The real file system, but the process dies at a chosen call of a save. A save begins with the sync of the log.
class DyingFiles {
 public:
  explicit DyingFiles(int call) : left_(call) {}

  FileSystem& files() { return files_; }
  void saved() { saving_ = false; }
  /// Calls of all saves so far.
  int calls() const { return calls_; }

 private:
  int see(const std::string& call) {
    if (call == "fdatasync") saving_ = true;
    if (saving_ && ++calls_ == left_) ::raise(SIGKILL);
    return 0;
  }

  FaultyFileSystem files_{[this](const std::string& call, int) { return see(call); }};
  int left_, calls_ = 0;
  bool saving_ = false;
};

/// Reports every durable checkpoint.
class ReportingObserver final : public TrainObserver {
 public:
  using Report = std::function<void(const std::string&)>;
  ReportingObserver(DyingFiles& files, Report report) : files_(files), report_(std::move(report)) {}
  void message(const std::string& text) override {
    if (text.rfind("warning", 0) == 0) report_(text);
  }
  void on_saved(const std::string& checkpoint, bool) override {
    files_.saved();
    report_(checkpoint);
  }

 private:
  DyingFiles& files_;
  Report report_;
};

/// Kills runs and checks what is left.
class Campaign {
 public:
  Campaign() {
    put_data(directory_ / "data", *tiny_tokenizer(TokenizerKind::word, {"a", "b", "c", "d"}),
             {text(200), text(20), text(20)});
    begin_run("straight");
    const auto begin = std::chrono::steady_clock::now();
    REQUIRE(go_on("straight", 0, -1) == 0);
    seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    straight_ = outcome("straight");
  }

  /// One run that is killed again and again until it is done.
  void run(int most) {
    begin_run("run");
    promised_ = 0;
    for (bool done = false; !done;) {
      const bool in_save = kills_ % 2 == 0;
      const double chance = random_.uniform(0, tries_++, 0);
      const int call = in_save ? 1 + static_cast<int>(chance * 3 * calls_of_a_save_) : 0;
      const bool spared = kills_ >= most;
      done = go_on("run", spared ? 0 : call, spared || in_save ? -1 : chance * seconds_ / 2) == 0;
      if (done) break;
      ++kills_;
      in_saves_ += in_save;
      check_after_kill();
    }
    const bool same = outcome("run") == straight_;  // bytes, which should not be printed
    REQUIRE(same);
    std::filesystem::remove_all(directory_ / "run");
  }
  int kills() const { return kills_; }
  int in_saves() const { return in_saves_; }

 private:
  static std::string text(int lines) {
    std::string all;
    for (int i = 0; i < lines; ++i) all += i % 3 == 0 ? "a b c\n" : i % 2 == 0 ? "c a\n" : "b d a b\n";
    return all;
  }

  void begin_run(const std::string& name) {
    put_new_run(directory_ / name, config_of(), Dataset::open(directory_ / "data"));
  }

  /// Trains in a child process to the end, or until it is killed at a call of its saves (from 1; 0: never) or after
  /// `seconds` (negative: never). Returns its exit status as a shell shows it.
  int go_on(const std::string& name, int call, double seconds) {
    ChildProcess child([&](const auto& report) {
      DyingFiles dying(call);
      ReportingObserver observer(dying, report);
      train(directory_ / name, dying.files(), observer);
      report("calls " + std::to_string(dying.calls()));
      return 0;
    });
    if (seconds >= 0) {
      std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
      ::kill(child.pid(), SIGKILL);
    }
    int saves = 0;
    for (std::string line; !(line = child.line()).empty();) {
      INFO(line);
      if (line.rfind("calls ", 0) == 0) {
        if (saves > 0) calls_of_a_save_ = std::stoi(line.substr(6)) / saves;
        continue;
      }
      REQUIRE(line.find("checkpoints/step-") != std::string::npos);  // no warning
      promised_ = std::stoll(line.substr(line.rfind("step-") + 5, 12));
      ++saves;
    }
    const int code = child.finish();
    REQUIRE((code == 0 || code == 128 + SIGKILL));
    return code;
  }

  void train(const std::string& run, FileSystem& files, TrainObserver& observer) const {
    const Dataset data = Dataset::open(directory_ / "data");
    Context context(1);
    TrainingStart start;
    start.run = run;
    start.files = &files;
    TrainingRun(context, read_run(run), data, start, observer).run();
  }

  void check_after_kill() {
    const std::string run = directory_ / "run";
    const FoundCheckpoint found = newest_checkpoint(run, CheckpointScope::everything);
    REQUIRE((found.checkpoint ? found.checkpoint->step() : 0) >= promised_);
    REQUIRE(found.warnings.empty());
    REQUIRE(run_faults(run).empty());
  }

  /// Weights, moments, carried states, and the metrics without times and events.
  std::string outcome(const std::string& name) const {
    const std::string run = directory_ / name;
    const std::string last = newest_checkpoint(run, CheckpointScope::everything).checkpoint->path();
    std::string all;
    for (const char* file : {kModelFile, kOptimizerFile, kCarriedFile}) all += get_file(join_path(last, file));
    for_each_metric(join_path(run, "metrics.jsonl"), [&](const Json& line) {
      if (line.contains("event")) return;
      Json kept = line;
      for (const char* key : {"time", "tokens_per_s"}) kept.erase(key);
      all += json_text(kept) + "\n";
    });
    return all;
  }

  TemporaryDirectory directory_{memory_directory()};
  RandomStream random_{20170123, "kills", 0};
  std::string straight_;
  double seconds_ = 0;
  Index promised_ = 0, tries_ = 0;
  int kills_ = 0, in_saves_ = 0, calls_of_a_save_ = 1;
};

}  // namespace

TEST_CASE("runs killed with -9, every second time inside a save, lose nothing and end with the same bytes",
          "[durability]") {
  const int most = long_campaign() ? 1000 : 50;
  Campaign campaign;
  while (campaign.kills() < most) campaign.run(most);
  REQUIRE(campaign.kills() == most);
  REQUIRE(campaign.in_saves() == most / 2);
  std::cout << "kill -9: " << campaign.kills() << " kills, " << campaign.in_saves()
            << " of them at a chosen call of a save: 0 checkpoints lost, all runs ended with the same bytes\n";
}
