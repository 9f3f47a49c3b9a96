#include "model/lanes_pass.hpp"

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>
#include <variant>

#include "base/check.hpp"
#include "model/pass.hpp"
#include "ops/rows.hpp"

namespace moelm {

namespace {

/// A gradient of the same form and shape as that of a tied table.
LayerGradients table_like(const LayerGradients& table) {
  const auto* whole = std::get_if<EmbeddingParameters>(&table);
  if (whole == nullptr) return RowGradient{};
  return EmbeddingParameters{Matrix(whole->weight.rows(), whole->weight.cols())};
}

class LanesPass {
 public:
  LanesPass(Context& context, const ModelConfig& config, const ModelParameters& parameters, std::span<Lane> lanes,
            const PassOptions& options, LanesCache& cache)
      : context_(context), config_(config), p_(parameters), lanes_(lanes), cache_(cache) {
    ensure(!lanes.empty(), "a rank has a lane");
    cache.lanes.resize(lanes.size());
    cache.experts.resize(p_.layers.size());
    for (std::size_t i = 0; i < lanes.size(); ++i) {
      PassOptions& of_lane = options_.emplace_back(options);
      of_lane.part.first_stream = lanes[i].part.first;
      first_row_.push_back(rows_);
      rows_ += lanes[i].part.batch.rows();
      passes_.emplace_back(context, config, parameters, lanes[i].part.batch, of_lane, cache.lanes[i]);
    }
    ModelCache* packed = nullptr;
    for_each_lane([&](std::size_t i) {
      cache.lanes[i].packed = packed;
      if (packed == nullptr) packed = &cache.lanes[i];
    });
  }

  void forward() {
    for_each_lane([&](std::size_t i) { passes_[i].begin(lanes_[i].state); });
    for (std::size_t l = 0; l + 1 < p_.layers.size(); ++l) {
      if (const auto* moe = std::get_if<MoeParameters>(&p_.layers[l]))
        forward_moe(l, *moe);
      else
        for_each_lane([&](std::size_t i) { passes_[i].forward_layer(l, lanes_[i].state); });
    }
  }

  std::vector<double> backward(ModelGradients& gradients, const LaneDone& done) {
    std::vector<double> losses = softmax_backward(gradients, done);
    for (std::size_t l = p_.layers.size() - 1; l-- > 0;) {
      if (const auto* moe = std::get_if<MoeParameters>(&p_.layers[l]))
        backward_moe(l, *moe, gradients, done);
      else
        backward_layer(l, gradients, done);
    }
    return losses;
  }

 private:
  /// For all lanes that have rows.
  template <class Do>
  void for_each_lane(Do&& what) {
    for (std::size_t i = 0; i < lanes_.size(); ++i)
      if (!lanes_[i].empty()) what(i);
  }

  /// The rows of a lane among those of all lanes.
  ConstMatrixView rows_of(const Matrix& all, std::size_t i) const {
    return all.view().row_range(first_row_[i], first_row_[i] + lanes_[i].part.batch.rows());
  }

  /// The rows of a lane become a part of those for the experts.
  void give_rows(std::size_t i, const Matrix& rows) {
    copy_rows(context_, rows, 0, cache_.rows, first_row_[i], rows.rows());
  }

  MoeCache& gates_of(std::size_t l, std::size_t i) { return std::get<MoeLayerCache>(cache_.lanes[i].layers[l]).moe; }

  void forward_moe(std::size_t l, const MoeParameters& p) {
    const auto& config = std::get<MoeConfig>(config_.layers[l]);
    MoeCache& experts = cache_.experts[l];
    experts.routing.shape(0, config.experts, 0);
    experts.routing.count_pairs();
    const Index width = p.exchange.exists() ? p.exchange.width : cache_.lanes.front().x[l - 1].cols();
    cache_.rows.reshape(rows_, width);
    cache_.results.reshape(rows_, width);
    positions_.clear();
    std::optional<MoeMasks> masks = passes_.front().moe_masks(l);
    for_each_lane([&](std::size_t i) {
      passes_[i].route(l);
      experts.routing.append(gates_of(l, i).routing);
      give_rows(i, cache_.lanes[i].x[l - 1]);
      const std::span<const Index> positions = passes_[i].moe_masks(l)->positions;
      positions_.insert(positions_.end(), positions.begin(), positions.end());
    });
    masks->positions = positions_;
    experts.masks = masks;
    moe_apply(context_, config, p, cache_.rows, experts, cache_.results);
    for_each_lane([&](std::size_t i) { passes_[i].take_output(l, rows_of(cache_.results, i)); });
  }

  void backward_moe(std::size_t l, const MoeParameters& p, ModelGradients& gradients, const LaneDone& done) {
    MoeCache& experts = cache_.experts[l];
    const Index width = p.exchange.exists() ? p.exchange.width : cache_.lanes.front().x[l - 1].cols();
    cache_.rows.reshape(rows_, width);
    cache_.results.reshape(rows_, width);
    for_each_lane([&](std::size_t i) { give_rows(i, passes_[i].output_gradient(l)); });
    moe_apply_backward(context_, std::get<MoeConfig>(config_.layers[l]), p, cache_.rows, experts, cache_.results);
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      gradients.clear(l);
      if (!lanes_[i].empty()) {
        const auto pair = experts.routing_gradient.gate.begin() +
                          static_cast<std::ptrdiff_t>(experts.routing.first_pair(first_row_[i]));
        gates_of(l, i).routing_gradient.gate.assign(pair, pair + gates_of(l, i).routing.pairs());
        passes_[i].route_backward(l, rows_of(cache_.results, i), gradients);
      }
      done(l, i);
    }
  }

  std::vector<double> softmax_backward(ModelGradients& gradients, const LaneDone& done) {
    std::vector<double> losses(lanes_.size(), 0.0);
    const std::size_t last = p_.layers.size() - 1;
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      gradients.clear(last);
      if (config_.tied) {
        swap_table(i, gradients);
        gradients.clear(0);
      }
      if (!lanes_[i].empty()) {
        cache_.nll.resize(static_cast<std::size_t>(lanes_[i].part.batch.rows()));
        passes_[i].softmax_backward(gradients, cache_.nll);
        for (const double row : cache_.nll) losses[i] += row / passes_[i].rows_of_step();
      }
      if (config_.tied) swap_table(i, gradients);
      done(last, i);
    }
    return losses;
  }

  void backward_layer(std::size_t l, ModelGradients& gradients, const LaneDone& done) {
    const bool continues = config_.tied && l == 0;
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      if (continues)
        swap_table(i, gradients);
      else
        gradients.clear(l);
      if (!lanes_[i].empty()) passes_[i].backward_layer(l, gradients);
      done(l, i);
    }
  }

  /// A tied softmax begins the gradient of the table, and the embedding goes on with it. In between it waits here. A
  /// single lane needs no place for that.
  void swap_table(std::size_t i, ModelGradients& gradients) {
    if (lanes_.size() == 1) return;
    LayerGradients& table = gradients.layers.front();
    while (cache_.tables.size() < lanes_.size()) cache_.tables.push_back(table_like(table));
    std::swap(cache_.tables[i], table);
  }

  Context& context_;
  const ModelConfig& config_;
  const ModelParameters& p_;
  std::span<Lane> lanes_;
  LanesCache& cache_;
  std::deque<PassOptions> options_;  // passes refer to them
  std::deque<Pass> passes_;
  std::vector<Index> first_row_;  // of every lane among the rows of all
  Index rows_ = 0;
  std::vector<Index> positions_;  // of all rows in the step
};

}  // namespace

void lanes_forward(Context& context, const ModelConfig& config, const ModelParameters& parameters,
                   std::span<Lane> lanes, const PassOptions& options, LanesCache& cache) {
  LanesPass(context, config, parameters, lanes, options, cache).forward();
}

std::vector<double> lanes_backward(Context& context, const ModelConfig& config, const ModelParameters& parameters,
                                   std::span<Lane> lanes, const PassOptions& options, LanesCache& cache,
                                   ModelGradients& gradients, const LaneDone& done) {
  return LanesPass(context, config, parameters, lanes, options, cache).backward(gradients, done);
}

}  // namespace moelm
