#include "training/carried_state.hpp"

#include <utility>

#include "base/check.hpp"
#include "dist/collectives.hpp"
#include "dist/lane_tree.hpp"
#include "dist/message.hpp"
#include "dist/orders.hpp"
#include "training/lane_message.hpp"

namespace moelm {

void CarriedState::reset(Index streams) {
  state_.reset(parameters_, streams);
  place_ = Place::zero;
}

ModelState& CarriedState::all() {
  if (place_ == Place::lanes) collect();
  place_ = Place::here;
  return state_;
}

LaneStart CarriedState::give(std::vector<Lane>& lanes) {
  std::vector<Range> ranges;
  for (const Lane& lane : lanes) ranges.push_back({lane.part.first, lane.part.batch.sequence.streams()});
  if (place_ == Place::lanes) {
    if (ranges == ranges_) return LaneStart::kept;
    all();
  }
  ranges_ = std::move(ranges);
  if (place_ == Place::zero) return LaneStart::zero;
  for (Lane& lane : lanes)
    if (!lane.empty()) lane.state = state_of(state_, lane.part);
  return LaneStart::sent;
}

void CarriedState::begin(LaneStart start, std::vector<Lane>& own) const {
  if (start == LaneStart::sent) return;
  ensure(start == LaneStart::zero || kept_.size() == own.size(), "a rank has kept the states of its lanes");
  for (std::size_t i = 0; i < own.size(); ++i) {
    if (own[i].empty()) continue;
    if (start == LaneStart::zero)
      own[i].state.reset(parameters_, own[i].part.batch.sequence.streams());
    else
      own[i].state.copy_from(kept_[i]);
  }
}

void CarriedState::keep(std::vector<Lane>& own) {
  kept_.clear();
  for (Lane& lane : own) kept_.push_back(std::move(lane.state));
  place_ = Place::lanes;
}

void CarriedState::send_kept() const {
  MessageWriter message;
  for (const ModelState& lane : kept_) write_state(lane, message);
  std::vector<Bytes> send(static_cast<std::size_t>(ranks_.size()));
  send[0] = message.finish();
  all_to_all(ranks_, Phase::carried_states, send);
}

void CarriedState::collect() {
  const auto lanes = static_cast<Index>(ranges_.size());
  std::vector<Bytes> received(1);
  if (ranks_.size() > 1) {
    give_order(ranks_, Order::states);
    const Together together(&ranks_);
    received = all_to_all(ranks_, Phase::carried_states, std::vector<Bytes>(static_cast<std::size_t>(ranks_.size())));
  }
  for (int r = 0; r < ranks_.size(); ++r) {
    MessageReader message(received[static_cast<std::size_t>(r)]);
    const LaneNode own = lanes_of_rank(lanes, r, ranks_.size());
    for (Index l = own.first; l < own.last; ++l) {
      const Range& range = ranges_[static_cast<std::size_t>(l)];
      if (range.count == 0) continue;
      ModelState sent;
      sent.layers.resize(state_.layers.size());
      if (r > 0) read_state(message, sent);
      put_state(r > 0 ? sent : kept_[static_cast<std::size_t>(l)], range.first, state_);
    }
  }
}

}  // namespace moelm
