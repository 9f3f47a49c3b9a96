// Power failures and dying processes on a simulated disk, all of them: after a failure at any moment, whatever of the
// unsynced changes reached the disk, there is the old checkpoint or the new one, and the new one once it was promised.
// And this test notices if any sync is left out.
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

/// What is wrong with a disk on which a step has been promised (0: none) and the next one perhaps begun; "" if nothing.
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

/// What is wrong after the next part of the run on that disk.
std::string fault_of_next(const DiskTree& tree) {
  SimulatedDisk disk(tree);
  if (!save(disk, 9)) return "cannot go on";
  if (!left_behind(disk, kRun).empty()) return left_behind(disk, kRun)[0] + " is left";
  SimulatedDisk after(disk.after_power_failure().front());
  const FoundCheckpoint found = newest_checkpoint(kRun, CheckpointScope::everything, after);
  return found.checkpoint && found.checkpoint->step() == 9 ? "" : "the next one is not there";
}

/// Looks at a disk whenever something has changed on it.
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

/// Saves step 3 over steps 1 (the best) and 2, as the best one or not, with one sync of the save left out (0: none,
/// counted from its beginning); returns whether any power failure does harm.
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

/// A process dies in the middle of beginning a run, another goes on from there and saves, perhaps without the syncs
/// that come before saving; returns what a power failure after that does.
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

TEST_CASE("T2: after a power failure at any moment of the first saves there is what was promised") {
  SimulatedDisk disk;
  Campaign campaign(disk);
  for (Index step = 1; step <= 3; ++step) {
    REQUIRE(save(disk, step));
    campaign.promise(step);
  }
  INFO(first_of(campaign.faults()));
  REQUIRE(campaign.faults().empty());
  REQUIRE(campaign.states() > 1000);
  std::cout << "T2: " << campaign.states() << " states after a power failure, " << campaign.faults().size()
            << " of them harmed\n";
}

TEST_CASE("T2: the same where a process dies at any call before, and another goes on") {
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
  std::cout << "T2: " << states << " more after the " << whole.calls() << " deaths of a process before\n";
}

TEST_CASE("T2neg: each sync of a save is needed, and the test above notices where one is left out") {
  int all = 0, noticed = 0;
  for (const bool best : {false, true}) {
    int syncs = 0;
    REQUIRE_FALSE(is_harmed_without(0, best, &syncs));
    // The log, five files and their folder, the commit, LATEST and its folder, perhaps BEST and its folder, removal.
    REQUIRE(syncs == (best ? 13 : 11));
    for (int sync = 1; sync <= syncs; ++sync) {
      if (best && sync == 10) continue;  // the folder of LATEST, which the next sync of the folder makes up for
      const bool harmed = is_harmed_without(sync, best);
      INFO("sync " << sync << " of " << syncs);
      CHECK(harmed);
      ++all, noticed += harmed;
    }
  }
  std::cout << "T2neg: " << noticed << " of " << all << " left-out syncs noticed\n";
}

TEST_CASE("T2neg: removing what is old before the new is durable would be noticed") {
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

TEST_CASE("T1b, T1c: a process that dies at any call, five in a row too, leaves what was promised") {
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
    // Later ones in a row die at other calls: while sweeping, resuming, repairing the hints.
    for (int again = 0; again < 5; ++again, ++deaths) {
      disk.start_process((died + again * 37) % calls);
      if (save(disk, promised + 1)) ++promised;
      INFO("died after " << died << " calls, " << again);
      REQUIRE(fault_of(disk.now(), promised).empty());
    }
    REQUIRE(fault_of_next(disk.now()).empty());
  }
  std::cout << "T1b, T1c: " << deaths << " deaths at each call of a session, 0 checkpoints lost\n";
}
