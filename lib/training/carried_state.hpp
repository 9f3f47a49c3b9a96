// The state that streams carry from step to step. In steps over lanes every rank keeps the state of its own lanes. It
// travels only when the leader needs it, has changed it, or cuts the lanes elsewhere.
#pragma once

#include <vector>

#include "dist/communicator.hpp"
#include "model/model_state.hpp"
#include "model/step_parts.hpp"

namespace moelm {

/// Where the lanes of a step have their state from.
enum class LaneStart : int {
  zero,  ///< all streams begin with the zero state
  sent,  ///< from the leader, with the batch
  kept   ///< the ranks have kept it since the last step
};

/// The carried state of all streams. Every rank of a training has an object of its own. Not thread-safe.
class CarriedState {
 public:
  /// `parameters` and `ranks` must outlive it.
  CarriedState(const ModelParameters& parameters, Communicator& ranks) : parameters_(parameters), ranks_(ranks) {}

  /// For the leader: the zero state for so many streams.
  void reset(Index streams);

  /// For the leader: the state of all streams. Collects it if the ranks have kept it. The caller may change it, so the
  /// next step over lanes sends it.
  ModelState& all();

  /// For the leader, before a step: decides where all its lanes have their state from, and fills it in if it is sent.
  LaneStart give(std::vector<Lane>& lanes);

  /// For every rank: fills in the state of its own lanes if it was not sent. The state before the step stays here, so a
  /// step that is not applied needs nothing else.
  void begin(LaneStart start, std::vector<Lane>& own) const;

  /// For every rank, after an applied step: keeps the state of its own lanes, which is moved away.
  void keep(std::vector<Lane>& own);

  /// For a follower: carries out Order::states, the leader's part of which is all().
  void send_kept() const;

 private:
  /// The streams of a lane.
  struct Range {
    Index first, count;
    bool operator==(const Range&) const = default;
  };
  enum class Place { here, zero, lanes };

  void collect();

  const ModelParameters& parameters_;
  Communicator& ranks_;
  std::vector<ModelState> kept_;  ///< of every own lane, without layers if the lane is empty
  // Of the leader only.
  ModelState state_;           ///< of all streams, old if the lanes have it
  Place place_ = Place::here;  ///< of the state of all streams; zero: here, and all numbers are 0
  std::vector<Range> ranges_;  ///< of all lanes, as they were last cut
};

}  // namespace moelm
