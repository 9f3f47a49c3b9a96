// A step over lanes and ranks: the part of learner.hpp for batches that are cut into lanes (section 3.1 of the paper).
#include <utility>

#include "dist/lane_tree.hpp"
#include "dist/message.hpp"
#include "dist/orders.hpp"
#include "training/lane_message.hpp"
#include "training/lane_sums.hpp"
#include "training/learner.hpp"
#include "training/step_check.hpp"

namespace moelm {

namespace {

/// The lanes of this rank, once the leader has sent to every rank its own.
std::vector<Lane> deal_lanes(Communicator& ranks, std::vector<Lane> all, Index lanes) {
  std::vector<Bytes> send(static_cast<std::size_t>(ranks.size()));
  for (int r = 0; r < ranks.size() && ranks.leads(); ++r) {
    const LaneNode range = lanes_of_rank(lanes, r, ranks.size());
    MessageWriter message;
    for (Index l = range.first; l < range.last; ++l) write_lane(all[static_cast<std::size_t>(l)], message);
    if (r > 0) send[static_cast<std::size_t>(r)] = message.finish();
  }
  const LaneNode own = lanes_of_rank(lanes, ranks.rank(), ranks.size());
  if (ranks.leads()) {
    if (ranks.size() > 1) all_to_all(ranks, Phase::batch, send);
    all.resize(static_cast<std::size_t>(own.last));
    return all;
  }
  const std::vector<Bytes> received = all_to_all(ranks, Phase::batch, send);
  MessageReader message(received[0]);
  std::vector<Lane> work;
  for (Index l = own.first; l < own.last; ++l) work.push_back(read_lane(message));
  return work;
}

/// Names the rank of a fault that another one found.
std::string of_rank(const std::string& fault, std::size_t rank) {
  return fault + " (rank " + std::to_string(rank) + ")";
}

/// What the ranks say about written weights: the first fault by rank.
std::string first_fault(Communicator& ranks, const std::string& own) {
  if (ranks.size() == 1) return own;
  const std::vector<Bytes> all = all_gather(ranks, Phase::weights_written, std::as_bytes(std::span(own)));
  for (std::size_t r = 0; r < all.size(); ++r)
    if (!all[r].empty()) return of_rank({reinterpret_cast<const char*>(all[r].data()), all[r].size()}, r);
  return {};
}

/// What the ranks say about a step before its update.
struct Verdict {
  std::string fault;             ///< the first by rank
  std::vector<Index> row_bytes;  ///< of the gradients of rows of each rank
  bool stop_asked = false;       ///< whether any rank was asked to stop
};

Verdict verdict_of(Communicator& ranks, const std::string& fault, Index row_bytes, bool stop_asked) {
  if (ranks.size() == 1) return {fault, {}, stop_asked};
  MessageWriter own;
  own.text(fault);
  own.value(row_bytes);
  own.value(stop_asked);
  Verdict verdict;
  const std::vector<Bytes> all = all_gather(ranks, Phase::faults, own.finish());
  for (std::size_t r = 0; r < all.size(); ++r) {
    MessageReader message(all[r]);
    const std::string found = message.text();
    if (verdict.fault.empty() && !found.empty()) verdict.fault = of_rank(found, r);
    verdict.row_bytes.push_back(message.value<Index>());
    verdict.stop_asked |= message.value<bool>();
  }
  return verdict;
}

}  // namespace

StepResult Learner::lead_lanes(Context& context, const Batch& batch, const StepOptions& options) {
  ranks_.note_step(options.step);
  std::vector<Lane> all;
  for (BatchPart& part : cut_lanes(batch, options.lanes)) all.push_back({std::move(part), {}});
  const StepHead head{options, batch.rows(), carried_.give(all)};
  if (ranks_.size() > 1) {
    MessageWriter order;
    order.value(head);
    give_order(ranks_, Order::step, order.finish());
  }
  const Together together(parameters_.ranks);
  std::vector<Lane> own = deal_lanes(ranks_, std::move(all), options.lanes);
  return step_lanes(context, own, head, false);
}

void Learner::follow_lanes(Context& context, const Bytes& order, bool stop_asked) {
  const auto head = MessageReader(order).value<StepHead>();
  ranks_.note_step(head.options.step);
  std::vector<Lane> own = deal_lanes(ranks_, {}, head.options.lanes);
  step_lanes(context, own, head, stop_asked);
}

StepResult Learner::step_lanes(Context& context, std::vector<Lane>& own, const StepHead& head, bool stop_asked) {
  const StepOptions& options = head.options;
  StepResult result;
  result.tokens = head.rows;
  carried_.begin(head.start, own);
  for (LayerExperts& set : experts_) set.experts.begin_step();
  PassOptions pass{true, seed_, options.step, options.streams};
  pass.windows = windows_;
  pass.full_softmax = options.full_softmax;
  pass.zero_state = options.zero_state;
  pass.part.rows = head.rows;
  // 3. Forward of all lanes, because the balancing losses look at all rows of the step; then backward of all.
  result.routing = forward_lanes(context, own, pass, options.lanes);
  pass.part.sums = result.routing;
  GradientSum sum(ranks_, options.lanes, copied_gradients(), spare_gradients_);
  std::string fault;
  LaneSum<double> loss = backward_lanes(context, own, pass, options.lanes, sum, fault);
  for (LayerExperts& set : experts_) set.experts.use(cache_of(set).factors);
  result.losses.balance = balance_of_step(config_, result.routing, windows_);
  // 4. Check. Gradients that are finite and not huge in every lane have a finite sum, so the check does
  // not wait for the sum.
  result.losses.cross_entropy = sum_of_lanes(ranks_, loss, options.lanes);
  if (std::string other = non_finite_lanes(context, own, result); !other.empty()) fault = std::move(other);
  Bytes row_gradients = ranks_.size() > 1 ? sum.rows_of_lanes() : Bytes();
  const Verdict verdict = verdict_of(ranks_, fault, static_cast<Index>(row_gradients.size()), stop_asked);
  result.fault = verdict.fault;
  result.stop_asked = verdict.stop_asked;
  result.applied = result.fault.empty();
  if (!result.applied) return result;
  carried_.keep(own);
  // 5. Update. The experts need no sums of other ranks.
  if (ranks_.size() > 1) sum.start_rows(std::move(row_gradients), verdict.row_bytes);
  bool finite = update_experts(context, options, result);
  sum.finish();
  result.grad_norm = gradient_norm(context, fault);
  finite &= update_copies(context, options, result);
  result.fault = first_fault(ranks_, finite ? "" : first_bad_number(context, named_tensors(parameters_)));
  return result;
}

std::vector<CopiedGradients> Learner::copied_gradients() const {
  std::vector<CopiedGradients> layers(parameters_.layers.size());
  for (const Slot& slot : slots_) {
    CopiedGradients& layer = layers[slot.trained.layer];
    if (slot.trained.gradient != nullptr) layer.whole.push_back(slot.trained.gradient);
    if (slot.trained.rows != nullptr) layer.rows.push_back(slot.trained.rows);
  }
  return layers;
}

std::vector<RoutingSums> Learner::forward_lanes(Context& context, std::vector<Lane>& own, const PassOptions& pass,
                                                Index lanes) {
  lanes_forward(context, config_, parameters_, own, pass, lanes_);
  LaneSum<std::vector<RoutingSums>> sums(lanes);
  Index lane = lanes_of_rank(lanes, ranks_.rank(), ranks_.size()).first;
  for (std::size_t i = 0; i < own.size(); ++i, ++lane) {
    std::vector<RoutingSums> of_lane(parameters_.layers.size());
    if (!own[i].empty()) add_routing(lanes_.lanes[i], of_lane);
    sums.push({lane, lane + 1}, std::move(of_lane), add_layers);
  }
  return sum_of_lanes(ranks_, sums, lanes);
}

LaneSum<double> Learner::backward_lanes(Context& context, std::vector<Lane>& own, const PassOptions& pass, Index lanes,
                                        GradientSum& sum, std::string& fault) {
  const auto done = [&](std::size_t l, std::size_t i) {
    if (fault.empty()) fault = huge_gradient(context, l, lanes);
    sum.take_lane(context, l);
    if (i + 1 == own.size()) sum.start_whole(l);
  };
  LaneSum<double> loss(lanes);
  Index lane = lanes_of_rank(lanes, ranks_.rank(), ranks_.size()).first;
  for (const double of_lane : lanes_backward(context, config_, parameters_, own, pass, lanes_, gradients_, done)) {
    loss.push({lane, lane + 1}, of_lane, [](double& left, double right) { left += right; });
    ++lane;
  }
  return loss;
}

std::string Learner::huge_gradient(Context& context, std::size_t layer, Index lanes) const {
  for (const Slot& slot : slots_)
    if (slot.trained.layer == layer && !sum_stays_finite(sum_of_squares(context, gradient_of(slot)), lanes))
      return "gradient of " + slot.trained.tensor.name;
  return {};
}

std::string Learner::non_finite_lanes(Context& context, std::vector<Lane>& own, const StepResult& result) const {
  // All ranks know the same losses. Factors and states are each rank's own.
  if (std::string loss = first_bad_loss(result.losses); !loss.empty()) return loss;
  for (const LayerExperts& set : experts_)
    if (const std::string bad = set.experts.bad_gradient(context); !bad.empty()) return "gradient of " + bad;
  for (Lane& lane : own)
    if (std::string bad = first_bad_number(context, lane.state); !bad.empty()) return bad;
  return {};
}

}  // namespace moelm
