// The adaptive softmax (Grave et al. 2017, arXiv 1609.04309): an exact softmax that spends little on rare tokens. Ids
// are ordered by falling frequency. The first ones have the head; the others lie in clusters of ever smaller width.
//   head = softmax(W x + b) over the first C ids and one entry per cluster
//   p(t) = head[t] for t < C;  p(t) = head[C + i] softmax(W_i P_i x)[t - first_i] for t in cluster i
// Tied to the embedding, W for the first C ids and all W_i are rows of its table, and there is no P_i: the split
// softmax of AWD-LSTM (Merity et al. 2017, arXiv 1708.02182).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/context.hpp"
#include "config/model_config.hpp"
#include "config/tensor_spec.hpp"
#include "nn/softmax.hpp"
#include "ops/gemm.hpp"
#include "tensor/matrix.hpp"
#include "tensor/tensor_pointer.hpp"

namespace moelm {

/// The ids first ... last - 1, whose logits are computed from `width` numbers.
struct Cluster {
  Index first = 0, last = 0, width = 0;

  Index size() const { return last - first; }
};

/// The clusters of a valid configuration whose cutoffs are below the vocabulary. Cluster i has the width
/// inputs / divisor^(i + 1), rounded down, but at least 1.
std::vector<Cluster> clusters_of(const SoftmaxConfig& config, Index inputs, Index vocabulary);

/// Multiply-adds for a token, on average if ids are as frequent as Zipf's law says (nn/log_uniform.hpp): the head, and
/// projection and weights of the cluster that holds the token. Tied: there is no projection.
double adaptive_softmax_ops(const SoftmaxConfig& config, bool tied, Index inputs, Index vocabulary);

struct ClusterParameters {
  Index first = 0;    ///< id; of weights only
  Matrix projection;  ///< P [width, D]; empty if tied
  Matrix weight;      ///< W [size, width]; empty if tied
};

/// Weights, or gradients of them.
struct AdaptiveSoftmaxParameters {
  Matrix head_weight;  ///< [C + clusters, D]; [clusters, D] if tied
  Matrix head_bias;    ///< [1, C + clusters]
  std::vector<ClusterParameters> clusters;

  /// C, the number of ids in the head.
  Index head_tokens() const { return head_bias.cols() - static_cast<Index>(clusters.size()); }
};

/// The weights of a pass: the layer's own, and the table of the embedding [V, D] if they are tied, else empty.
struct AdaptiveSoftmaxWeights {
  const AdaptiveSoftmaxParameters& own;
  ConstMatrixView table;

  AdaptiveSoftmaxWeights(const AdaptiveSoftmaxParameters& p, ConstMatrixView of_embedding = {})
      : own(p), table(of_embedding) {}

  bool tied() const { return table.rows > 0; }
  ConstMatrixView weight(std::size_t cluster) const;
  Index vocabulary() const;
  /// Numbers in all weight matrices.
  Index elements() const;
};

/// Where the gradients of a pass are added: those of the table too if it is tied.
struct AdaptiveSoftmaxGradients {
  AdaptiveSoftmaxParameters& own;
  MatrixView table;

  AdaptiveSoftmaxGradients(AdaptiveSoftmaxParameters& p, MatrixView of_embedding = {}) : own(p), table(of_embedding) {}
};

/// The tensors of the layer ("head.weight", "tail.0.projection"), and their places in the parameters in the same order.
/// Tied, it has the head's rows for the clusters, and the bias.
LayerTensors adaptive_softmax_tensors(const SoftmaxConfig& config, bool tied, Index inputs, Index vocabulary);
std::vector<TensorPointer> tensor_pointers(AdaptiveSoftmaxParameters& p);

/// Memory of a pass. For one pass at a time, whose threads share it.
struct AdaptiveSoftmaxCache {
  /// What belongs to a cluster between passes.
  struct OfCluster {
    std::vector<std::int32_t> rows, targets;  ///< rows whose target is in the cluster, and its place there
    PackedMatrix projection_transposed;
    SoftmaxCache softmax;  ///< of evaluation
    Matrix no_bias;        ///< zeros
  };

  WeightPacking packing = WeightPacking::every_pass;
  SoftmaxCache head;
  Matrix head_weight, dhead_weight;  ///< [C + clusters, D], if tied
  std::vector<std::int32_t> head_targets;
  std::vector<OfCluster> clusters;
  // One cluster after the other uses these.
  SoftmaxCache of_training;
  PackedMatrix projection;
  Matrix x, projected, dprojected, dx;  ///< of the cluster's rows
  std::vector<double> nll;
};

/// nll[i] = -ln p(target[i] | x[i]) in nats; x [N, D]. A row passes through the head and its target's cluster only. Its
/// result does not depend on the rows beside it.
void adaptive_softmax_forward(Context& context, const AdaptiveSoftmaxWeights& p, ConstMatrixView x,
                              std::span<const std::int32_t> targets, AdaptiveSoftmaxCache& cache,
                              std::span<double> nll);

/// The same, and the gradient of scale * sum(nll): adds to `gradients`, overwrites dx [N, D]. If cache.packing is
/// `once`, the pass before had the same weights.
void adaptive_softmax_forward_backward(Context& context, const AdaptiveSoftmaxWeights& p, ConstMatrixView x,
                                       std::span<const std::int32_t> targets, double scale, AdaptiveSoftmaxCache& cache,
                                       std::span<double> nll, const AdaptiveSoftmaxGradients& gradients, MatrixView dx);

/// ln p of every token for each row of x [N, D], into log_probabilities [N, V]: the distributions that
/// adaptive_softmax_forward takes its targets from, each value rounded to float. Every row passes through all clusters.
void adaptive_softmax_log_probabilities(Context& context, const AdaptiveSoftmaxWeights& p, ConstMatrixView x,
                                        AdaptiveSoftmaxCache& cache, MatrixView log_probabilities);

}  // namespace moelm
