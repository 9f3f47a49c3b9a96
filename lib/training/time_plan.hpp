// The end of training from the time that is left: how many steps fit into it, and when to plan anew. Reads no clock.
#pragma once

#include <optional>

#include "base/index.hpp"
#include "options/interval.hpp"

namespace moelm {

/// What the rest of a training consists of.
struct TimeCosts {
  double step_seconds = 0;
  double validation_seconds = 0;  ///< 0: there is no validation text
  double save_seconds = 0;
  Index validate_every = 0;  ///< steps between validations, each with a save; 0: only at the end
  Interval save_every;       ///< checkpoints beside these
};

/// Seconds from the end of step `step` to the end of a training of `end` steps, its last validation and save included.
double seconds_until(Index end, Index step, const TimeCosts& costs);

/// The last step that a training can reach in `seconds`: at least step + 1, at most `max_step`. REQUIRES step <
/// max_step.
Index reachable_step(Index step, Index max_step, double seconds, const TimeCosts& costs);

/// Decides when the number of steps is planned. Times are seconds since the training began. One thread at a time.
///
/// The first look comes after 20 timed steps and 3 % of the time, but at 60 seconds or 10 % of the time at the latest;
/// the first five steps are not timed. Later looks come after 5 % of the time and ten steps each, but after 15 % at the
/// latest. The first look plans unless all steps fit; later ones do only if the rest changes by more than a tenth at
/// two looks in a row, or by more than a third at one. 1 % of the time is kept in reserve.
class TimePlan {
 public:
  /// `max_seconds`: of the whole training; 0: no limit, nothing is ever due.
  explicit TimePlan(double max_seconds = 0) : max_seconds_(max_seconds) {}

  /// A step has taken `seconds`, without validations and saves.
  void add_step(double seconds);
  bool is_due(double elapsed) const;
  /// Mean seconds of the steps since the last look that left no doubt. REQUIRES a step since.
  double step_seconds() const;
  /// Looks at the plan: the new end of a training that is planned to end at `end`, or nothing if the plan stays.
  /// REQUIRES is_due(elapsed) and step < end.
  std::optional<Index> look(double elapsed, Index step, Index end, Index max_step, const TimeCosts& costs);

 private:
  double max_seconds_;
  double seconds_ = 0, all_seconds_ = 0;  ///< of the timed steps, of all steps since the last look
  Index timed_ = 0, all_ = 0, seen_ = 0;  ///< timed and all steps since the last look, all steps
  double looked_at_ = 0;
  double doubt_ = 0;  ///< change of the steps that the last look found and did not plan; 0: none
  bool first_ = true;
};

}  // namespace moelm
