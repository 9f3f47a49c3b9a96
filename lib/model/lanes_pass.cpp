#include "model/lanes_pass.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
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
      : context_(context),
        config_(config),
        p_(parameters),
        lanes_(lanes),
        cache_(cache),
        widths_(input_widths(config)) {
    ensure(options.training && !lanes.empty(), "a rank has a lane, in training");
    cache.lanes.resize(lanes.size());
    cache.experts.resize(p_.layers.size());
    cache.lstms.resize(p_.layers.size());
    sequence_ = streams_of(lanes);
    for (std::size_t i = 0; i < lanes.size(); ++i) {
      PassOptions& of_lane = options_.emplace_back(options);
      of_lane.part.first_stream = lanes[i].part.first;
      first_row_.push_back(rows_);
      rows_ += lanes[i].part.batch.rows();
      first_stream_.push_back(streams_);
      const Sequence& own = lanes[i].part.batch.sequence;
      place_.push_back(rows_among(sequence_, own, streams_));
      streams_ += own.streams();
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
      const auto* lstm = std::get_if<LstmParameters>(&p_.layers[l]);
      if (const auto* moe = std::get_if<MoeParameters>(&p_.layers[l]))
        forward_moe(l, *moe);
      else if (lstm != nullptr && lanes_.size() > 1)
        forward_lstm(l, *lstm);
      else
        for_each_lane([&](std::size_t i) { passes_[i].forward_layer(l, lanes_[i].state); });
    }
  }

  std::vector<double> backward(ModelGradients& gradients, const LaneDone& done) {
    std::vector<double> losses = softmax_backward(gradients, done);
    for (std::size_t l = p_.layers.size() - 1; l-- > 0;) {
      const auto* lstm = std::get_if<LstmParameters>(&p_.layers[l]);
      if (const auto* moe = std::get_if<MoeParameters>(&p_.layers[l]))
        backward_moe(l, *moe, gradients, done);
      else if (lstm != nullptr && lanes_.size() > 1)
        backward_lstm(l, *lstm, gradients, done);
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
    MoeCache& experts = cache_.experts[l];
    const auto& config = std::get<MoeConfig>(config_.layers[l]);
    experts.routing.shape(0, config.experts, 0);
    experts.routing.count_pairs();
    shape_for_experts(l);
    positions_.clear();
    for_each_lane([&](std::size_t i) {
      passes_[i].route(l);
      experts.routing.append(gates_of(l, i).routing);
      give_rows(i, cache_.lanes[i].x[l - 1]);
      const std::span<const Index> positions = passes_[i].moe_masks(l)->positions;
      positions_.insert(positions_.end(), positions.begin(), positions.end());
    });
    experts.masks = passes_.front().moe_masks(l);
    experts.masks->positions = positions_;
    moe_apply(context_, config, p, cache_.rows, experts, cache_.results);
    for_each_lane([&](std::size_t i) {
      passes_[i].take_output(l, rows_of(cache_.results, i));
      passes_[i].finish_forward(l);
    });
  }

  void backward_moe(std::size_t l, const MoeParameters& p, ModelGradients& gradients, const LaneDone& done) {
    MoeCache& experts = cache_.experts[l];
    shape_for_experts(l);
    for_each_lane([&](std::size_t i) {
      passes_[i].begin_backward(l);
      passes_[i].activate_backward(l);
      give_rows(i, cache_.lanes[i].dlayer);
    });
    moe_apply_backward(context_, std::get<MoeConfig>(config_.layers[l]), p, cache_.rows, experts, cache_.results);
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      gradients.clear(l);
      if (!lanes_[i].empty()) {
        const auto pair = experts.routing_gradient.gate.begin() +
                          static_cast<std::ptrdiff_t>(experts.routing.first_pair(first_row_[i]));
        gates_of(l, i).routing_gradient.gate.assign(pair, pair + gates_of(l, i).routing.pairs());
        copy_rows(context_, rows_of(cache_.results, i), cache_.lanes[i].dprevious);
        passes_[i].route_backward(l, gradients);
        passes_[i].finish_backward(l);
      }
      done(l, i);
    }
  }

  void shape_for_experts(std::size_t l) {
    cache_.rows.reshape(rows_, widths_[l]);
    cache_.results.reshape(rows_, widths_[l]);
  }

  void forward_lstm(std::size_t l, const LstmParameters& p) {
    if (rows_ == 0) return;
    LstmCache& cache = cache_.lstms[l];
    cache.weight_drop = passes_.front().weight_drop(l);
    cache_.state.h.reshape(streams_, p.output_width());
    cache_.state.c.reshape(streams_, p.cells());
    for_each_lane([&](std::size_t i) {
      const LstmState& own = lanes_[i].state.layers[l];
      copy_rows(context_, own.h, 0, cache_.state.h, first_stream_[i], own.h.rows());
      copy_rows(context_, own.c, 0, cache_.state.c, first_stream_[i], own.c.rows());
      join(i, cache_.lanes[i].x[l - 1]);
    });
    lstm_forward(context_, p, sequence_, cache_.rows, cache_.state, cache);
    for_each_lane([&](std::size_t i) {
      LstmState& own = lanes_[i].state.layers[l];
      copy_rows(context_, cache_.state.h, first_stream_[i], own.h, 0, own.h.rows());
      copy_rows(context_, cache_.state.c, first_stream_[i], own.c, 0, own.c.rows());
      take(i, cache.output, cache_.lanes[i].x[l]);
      passes_[i].finish_forward(l);
    });
  }

  void backward_lstm(std::size_t l, const LstmParameters& p, ModelGradients& gradients, const LaneDone& done) {
    LstmCache& cache = cache_.lstms[l];
    if (rows_ > 0) {
      for_each_lane([&](std::size_t i) {
        passes_[i].begin_backward(l);
        join(i, cache_.lanes[i].dlayer);
      });
      cache.dfinal.reset(streams_, p);
      cache_.results.reshape(rows_, p.weight_ih.cols());
      lstm_backward_rows(context_, p, sequence_, cache_.rows, cache, cache.dfinal, cache_.results);
    }
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      gradients.clear(l);
      if (!lanes_[i].empty()) {
        lstm_gradients(context_, factors_of(i, p, cache, cache_.lanes[i].x[l - 1]), cache,
                       std::get<LstmParameters>(gradients.layers[l]));
        take(i, cache_.results, cache_.lanes[i].dprevious);
        passes_[i].finish_backward(l);
      }
      done(l, i);
    }
  }

  LstmFactors factors_of(std::size_t i, const LstmParameters& p, const LstmCache& cache, ConstMatrixView x) {
    take(i, cache.gates, cache_.dsums);
    take(i, cache.previous_h, cache_.previous_h);
    if (p.projected()) {
      take(i, cache.dh_total, cache_.dh_total);
      take(i, cache.hidden, cache_.hidden);
    }
    return {cache_.dsums, x, cache_.previous_h, cache_.dh_total, cache_.hidden};
  }

  /// The rows of a lane take their places among those of all streams, in cache_.rows.
  void join(std::size_t i, const Matrix& rows) {
    cache_.rows.reshape(rows_, rows.cols());
    scatter_rows(context_, rows, place_[i], cache_.rows);
  }
  /// And back.
  void take(std::size_t i, const Matrix& all, Matrix& rows) {
    rows.reshape(lanes_[i].part.batch.rows(), all.cols());
    gather_rows(context_, all, place_[i], rows);
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
  std::vector<Index> widths_;        // that each layer reads
  std::deque<PassOptions> options_;  // passes refer to them
  std::deque<Pass> passes_;
  std::vector<Index> first_row_, first_stream_;  // of every lane among those of all
  Index rows_ = 0, streams_ = 0;
  Sequence sequence_;                             // of the streams of all lanes
  std::vector<std::vector<std::int32_t>> place_;  // of a lane's rows in it
  std::vector<Index> positions_;                  // of all rows in the step
};

}  // namespace

void lanes_forward(Context& context, const ModelConfig& config, const ModelParameters& parameters,
                   std::span<Lane> lanes, const PassOptions& options, LanesCache& cache) {
  LanesPass(context, config, parameters, lanes, options, cache).forward();
}

std::vector<double> lanes_backward(Context& context, const ModelConfig& config, const ModelParameters& parameters,
                                   std::span<Lane> lanes, const PassOptions& options, LanesCache& cache,
                                   ModelGradients& gradients, const LaneDone& done) {
  ensure(!options.part.sums.empty(), "backward needs the sums of the step");
  return LanesPass(context, config, parameters, lanes, options, cache).backward(gradients, done);
}

}  // namespace moelm
