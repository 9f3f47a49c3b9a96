// A step over lanes and ranks: the part of learner.hpp for batches that are cut into lanes (section 3.1 of the paper).
#include <utility>

#include "dist/lane_tree.hpp"
#include "dist/message.hpp"
#include "dist/orders.hpp"
#include "moe/merge_factors.hpp"
#include "training/lane_sums.hpp"
#include "training/lane_work.hpp"
#include "training/learner.hpp"
#include "training/step_check.hpp"

namespace moelm {

namespace {

/// The lanes of this rank, once the leader has sent to every rank its own.
std::vector<LaneWork> deal_lanes(Communicator& ranks, std::vector<LaneWork> all, Index lanes) {
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
  std::vector<LaneWork> work;
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
  std::vector<LaneWork> all;
  for (BatchPart& part : cut_lanes(batch, options.lanes)) all.push_back({std::move(part), {}});
  const StepHead head{options, batch.rows(), carried_.give(all)};
  if (ranks_.size() > 1) {
    MessageWriter order;
    order.value(head);
    give_order(ranks_, Order::step, order.finish());
  }
  const Together together(parameters_.ranks);
  std::vector<LaneWork> own = deal_lanes(ranks_, std::move(all), options.lanes);
  return step_lanes(context, own, head, false);
}

void Learner::follow_lanes(Context& context, const Bytes& order, bool stop_asked) {
  const auto head = MessageReader(order).value<StepHead>();
  ranks_.note_step(head.options.step);
  std::vector<LaneWork> own = deal_lanes(ranks_, {}, head.options.lanes);
  step_lanes(context, own, head, stop_asked);
}

StepResult Learner::step_lanes(Context& context, std::vector<LaneWork>& own, const StepHead& head, bool stop_asked) {
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
  forward_lanes(context, own, pass, options.lanes, result);
  LaneSum<double> loss(options.lanes);
  GradientSum sum(ranks_, options.lanes, copied_gradients());
  std::string fault = backward_lanes(context, own, pass, options.lanes, loss, sum, result);
  use_factors(context);
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
  result.grad_norm = gradient_norm(fault);
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

void Learner::forward_lanes(Context& context, std::vector<LaneWork>& own, PassOptions& pass, Index lanes,
                            StepResult& result) {
  const auto rounds = static_cast<std::size_t>((lanes + ranks_.size() - 1) / ranks_.size());
  lane_caches_.resize(rounds);
  LaneSum<std::vector<RoutingSums>> sums(lanes);
  Index lane = lanes_of_rank(lanes, ranks_.rank(), ranks_.size()).first;
  for (std::size_t i = 0; i < rounds; ++i) {
    ModelCache& cache = lane_caches_[i];
    const bool works = i < own.size() && !own[i].empty();
    std::vector<RoutingSums> of_lane(parameters_.layers.size());
    if (works) {
      pass.part.first_stream = own[i].part.first;
      model_forward(context, config_, parameters_, own[i].part.batch, pass, own[i].state, cache);
      add_routing(cache, of_lane);
    } else if (ranks_.size() > 1) {
      model_serve_forward(context, config_, parameters_, pass, cache);
    } else {
      cache = ModelCache();  // what an earlier step left is not of this one
      cache.layers.resize(parameters_.layers.size());
    }
    if (i < own.size()) {
      sums.push({lane, lane + 1}, std::move(of_lane), add_layers);
      ++lane;
    }
  }
  result.routing = sum_of_lanes(ranks_, sums, lanes);
}

std::string Learner::backward_lanes(Context& context, std::vector<LaneWork>& own, PassOptions& pass, Index lanes,
                                    LaneSum<double>& loss, GradientSum& sum, StepResult& result) {
  pass.part.sums = result.routing;
  std::string fault;
  Index lane = lanes_of_rank(lanes, ranks_.rank(), ranks_.size()).first;
  for (std::size_t i = 0; i < lane_caches_.size(); ++i) {
    ModelCache& cache = lane_caches_[i];
    const bool last = i + 1 == lane_caches_.size();
    const LayerDone done = [&](std::size_t l) {
      if (i < own.size()) {
        if (fault.empty()) fault = huge_gradient(l, lanes);
        sum.take_lane(context, l);
      }
      if (last) sum.start_whole(l);
    };
    double of_lane = 0;
    if (i < own.size() && !own[i].empty()) {
      pass.part.first_stream = own[i].part.first;
      nll_.resize(static_cast<std::size_t>(own[i].part.batch.rows()));
      Losses losses =
          model_backward(context, config_, parameters_, own[i].part.batch, pass, cache, gradients_, nll_, done);
      of_lane = losses.cross_entropy;
      result.losses.balance = std::move(losses.balance);
    } else {
      gradients_.zero();
      for (const Slot& slot : slots_)
        if (slot.trained.rows != nullptr) *slot.trained.rows = {};
      if (ranks_.size() > 1) {
        model_serve_backward(context, config_, parameters_, cache, done);
      } else {
        for (std::size_t l = parameters_.layers.size(); l-- > 0;) done(l);
      }
    }
    if (i >= own.size()) continue;
    loss.push({lane, lane + 1}, of_lane, [](double& left, double right) { left += right; });
    ++lane;
  }
  return fault;
}

void Learner::use_factors(Context& context) {
  for (LayerExperts& set : experts_) {
    if (lane_caches_.size() == 1) {
      set.experts.use(cache_of(set).factors);
      continue;
    }
    const auto& exchange = std::get<MoeParameters>(parameters_.layers[set.layer]).exchange;
    std::vector<PassFactors> passes;
    for (ModelCache& cache : lane_caches_) {
      auto* layer = std::get_if<MoeLayerCache>(&cache.layers[set.layer]);
      if (layer == nullptr) continue;  // an empty lane of a single rank
      PassFactors pass{&layer->moe.experts.factors, layer->moe.exchange.counts};
      if (!exchange.exists()) {
        pass.counts.clear();
        for (std::size_t e = 0; e + 1 < pass.factors->offset.size(); ++e)
          pass.counts.push_back(pass.factors->rows_of(static_cast<Index>(e)));
      }
      passes.push_back(std::move(pass));
    }
    ExpertFactors merged = merge_factors(context, passes, exchange.exists() ? ranks_.size() : 1);
    set.experts.take(0, merged);
  }
}

std::string Learner::huge_gradient(std::size_t layer, Index lanes) const {
  for (const Slot& slot : slots_)
    if (slot.trained.layer == layer && !sum_stays_finite(squares_of(slot), lanes))
      return "gradient of " + slot.trained.tensor.name;
  return {};
}

std::string Learner::non_finite_lanes(Context& context, std::vector<LaneWork>& own, const StepResult& result) const {
  // The losses of the balance are known where lanes have rows, but all ranks have to say the same.
  if (std::string loss = first_bad_loss(result.losses); !loss.empty()) return loss;
  for (const LayerExperts& set : experts_)
    if (const std::string bad = set.experts.bad_gradient(context); !bad.empty()) return "gradient of " + bad;
  for (LaneWork& lane : own)
    if (std::string bad = first_bad_number(context, lane.state); !bad.empty()) return bad;
  return {};
}

}  // namespace moelm
