// All power failures and process deaths on a simulated disk. Whatever unsynced changes reached the disk, the old or the
// new checkpoint is there, and the new one once it was promised. The test notices if any sync is left out.
#include <iostream>

#include "checkpoint/tiny_session.hpp"
#include "checkpoint/verify.hpp"
#include "support/catch.hpp"
#include "support/simulated_disk.hpp"

using namespace moelm;

namespace {

constexpr const char* kRun = "/runs/run";

bool save(FileSystem& disk, Index step, const std::function<void()>& before_save = {}, bool best = true) {
  return tiny_session(disk, kRun, step, before_save, best).promised;
}

/// The fault of a disk on which a step was promised (0: none) and the next one may have begun. "" if there is none.
std::string fault_of(const DiskTree& tree, Index promised) {
  SimulatedDisk disk(tree);
  try {
    if (!path_exists(kRun, disk)) return promised > 0 ? "no run" : "";
    const std::vector<std::string> faults = run_faults(kRun, disk);
    if (!faults.empty() && !(faults.size() == 1 && faults[0].find("metrics.jsonl") != std::string::npos))
      return faults[0];  // a torn line after the last checkpoint is expected
    const FoundCheckpoint found = newest_checkpoint(kRun, CheckpointScope::everything, disk);
    if (!found.checkpoint) return promised > 0 ? "no checkpoint" : "";
    if (!found.warnings.empty()) return found.warnings[0];
    if (found.checkpoint->step() < promised || found.checkpoint->step() > promised + 1) return "another step";
    if (!is_tiny(*found.checkpoint)) return "other numbers";
    const MetricsLog log = open_tiny_log(kRun, found, disk);
    if (!log.warning().empty()) return log.warning();
    const Index best = best_checkpoint(kRun, CheckpointScope::model, disk).checkpoint->step();
    if (best > found.checkpoint->step()) return "a best one that is not there";
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

/// The fault after one more session on that disk, or "".
std::string fault_of_next(const DiskTree& tree) {
  SimulatedDisk disk(tree);
  if (!save(disk, 9)) return "cannot go on";
  if (!left_behind(disk, kRun).empty()) return left_behind(disk, kRun)[0] + " is left";
  SimulatedDisk after(disk.after_power_failure().front());
  const FoundCheckpoint found = newest_checkpoint(kRun, CheckpointScope::everything, after);
  return found.checkpoint && found.checkpoint->step() == 9 ? "" : "the next one is not there";
}

/// Checks a disk after every change.
class Campaign {
 public:
  explicit Campaign(SimulatedDisk& disk, bool goes_on = true) : disk_(disk), goes_on_(goes_on) {
    disk_.before_call = [this](const std::string&) { look(); };
  }
  ~Campaign() { disk_.before_call = nullptr; }

  /// From now on this step must be there.
  void promise(Index step) {
    promised_ = step;
    seen_ = -1;
    look();
  }
  Index states() const { return states_; }
  const std::vector<std::string>& faults() const { return faults_; }

 private:
  void look() {
    if (disk_.version() == seen_) return;
    seen_ = disk_.version();
    if (!faults_.empty()) return;
    for (const DiskTree& tree : disk_.after_power_failure()) {
      ++states_;
      std::string fault = fault_of(tree, promised_);
      if (fault.empty() && goes_on_) fault = fault_of_next(tree);
      if (!fault.empty()) faults_.push_back(fault);
    }
  }

  SimulatedDisk& disk_;
  bool goes_on_;
  Index promised_ = 0, states_ = 0;
  int seen_ = -1;
  std::vector<std::string> faults_;
};

std::string first_of(const std::vector<std::string>& faults) { return faults.empty() ? "" : faults[0]; }

/// Saves step 3 after steps 1 (the best) and 2, as the best or not, and leaves out one sync of the save (counted from
/// 1; 0: none). Returns whether a power failure does harm.
bool is_harmed_without(int sync, bool best, int* count = nullptr) {
  SimulatedDisk disk;
  REQUIRE(save(disk, 1));
  REQUIRE(save(disk, 2, {}, false));
  Campaign campaign(disk, false);
  campaign.promise(2);
  int before = 0;
  const auto leave_out = [&] {
    before = disk.syncs();
    if (sync > 0) disk.ignored_syncs.insert(before + sync);
  };
  REQUIRE(save(disk, 3, leave_out, best));
  campaign.promise(3);
  if (count != nullptr) *count = disk.syncs() - before;
  return !campaign.faults().empty();
}

/// A process dies while it begins a run, and another one continues and saves, with or without the syncs before saving.
/// Returns the checks of power failures after that.
Campaign failures_after_death(SimulatedDisk& disk, int calls, bool opening_syncs) {
  disk.start_process(calls);
  save(disk, 1);
  disk.start_process();
  const int before = disk.syncs();
  if (!opening_syncs)
    for (int i = 1; i <= 100; ++i) disk.ignored_syncs.insert(before + i);
  REQUIRE(save(disk, 1, [&] { disk.ignored_syncs.clear(); }));
  Campaign campaign(disk, false);
  campaign.promise(1);
  return campaign;
}

}  // namespace

TEST_CASE("after a power failure at any moment of the first saves, every promised checkpoint is there",
          "[durability]") {
  SimulatedDisk disk;
  Campaign campaign(disk);
  for (Index step = 1; step <= 3; ++step) {
    REQUIRE(save(disk, step));
    campaign.promise(step);
  }
  INFO(first_of(campaign.faults()));
  REQUIRE(campaign.faults().empty());
  REQUIRE(campaign.states() > 1000);
  std::cout << "power loss: " << campaign.states() << " states after a power failure, " << campaign.faults().size()
            << " of them harmed\n";
}

TEST_CASE("the same if a process dies at any call before and another continues", "[durability]") {
  SimulatedDisk whole;
  REQUIRE(save(whole, 1));
  Index states = 0;
  bool harmed_without_syncs = false;
  for (int died = 0; died <= whole.calls(); ++died) {
    SimulatedDisk disk, negligent;
    const Campaign campaign = failures_after_death(disk, died, true);
    INFO("died after " << died << " calls: " << first_of(campaign.faults()));
    REQUIRE(campaign.faults().empty());
    states += campaign.states();
    harmed_without_syncs = harmed_without_syncs || !failures_after_death(negligent, died, false).faults().empty();
  }
  REQUIRE(harmed_without_syncs);
  std::cout << "power loss: " << states << " more after the " << whole.calls() << " deaths of a process before\n";
}

TEST_CASE("each sync of a save is needed: the test above notices if one is left out", "[durability]") {
  int all = 0, noticed = 0;
  for (const bool best : {false, true}) {
    int syncs = 0;
    REQUIRE_FALSE(is_harmed_without(0, best, &syncs));
    // The log, five files and their folder, the commit, LATEST and its folder, perhaps BEST and its folder, removal.
    REQUIRE(syncs == (best ? 13 : 11));
    for (int sync = 1; sync <= syncs; ++sync) {
      if (best && sync == 10) continue;  // the folder of LATEST: its next sync follows
      const bool harmed = is_harmed_without(sync, best);
      INFO("sync " << sync << " of " << syncs);
      CHECK(harmed);
      ++all, noticed += harmed;
    }
  }
  std::cout << "power loss: " << noticed << " of " << all << " left-out syncs noticed\n";
}

TEST_CASE("removing old checkpoints before the new one is durable would be noticed", "[durability]") {
  SimulatedDisk disk;
  REQUIRE(save(disk, 1));
  Campaign campaign(disk, false);
  campaign.promise(1);
  const int before = disk.syncs();
  // Without syncs of the folder the removal may reach the disk before the new name does.
  REQUIRE(save(disk, 2, [&] {
    for (const int sync : {8, 10, 12, 13}) disk.ignored_syncs.insert(disk.syncs() + sync);
  }));
  campaign.promise(2);
  REQUIRE(disk.syncs() > before);
  REQUIRE_FALSE(campaign.faults().empty());
}

TEST_CASE("a process that dies at any call, even five in a row, leaves every promised checkpoint", "[durability]") {
  SimulatedDisk first;
  REQUIRE(save(first, 1));
  const int before = first.calls();
  SimulatedDisk whole(first.now());
  REQUIRE(save(whole, 2));
  const int calls = whole.calls();
  REQUIRE(before > 100);
  int deaths = 0;
  for (int died = 0; died < calls; ++died) {
    SimulatedDisk disk(first.now());
    Index promised = 1;
    // Later processes die at other calls: while removing leftovers, resuming, repairing the hints.
    for (int again = 0; again < 5; ++again, ++deaths) {
      disk.start_process((died + again * 37) % calls);
      if (save(disk, promised + 1)) ++promised;
      INFO("died after " << died << " calls, " << again);
      REQUIRE(fault_of(disk.now(), promised).empty());
    }
    REQUIRE(fault_of_next(disk.now()).empty());
  }
  std::cout << "crashes: " << deaths << " deaths at each call of a session, 0 checkpoints lost\n";
}
