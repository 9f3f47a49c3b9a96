#include "nn/adaptive_softmax.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/check.hpp"
#include "ops/kernels.hpp"
#include "ops/rows.hpp"

namespace moelm {

namespace {

using OfCluster = AdaptiveSoftmaxCache::OfCluster;

/// The integer part of a / b for b > 0, computed as Python's // does, by which PyTorch finds the same widths.
Index floor_of_quotient(double a, double b) { return static_cast<Index>(std::round((a - std::fmod(a, b)) / b)); }

/// The share of the tokens that have ids first ... last - 1.
double zipf_share(const Cluster& cluster, Index vocabulary) {
  return std::log((static_cast<double>(cluster.last) + 1) / (static_cast<double>(cluster.first) + 1)) /
         std::log(static_cast<double>(vocabulary) + 1);
}

/// The weights of the head. Tied, its rows come from two places and are copied into one.
SoftmaxWeights head_of(const AdaptiveSoftmaxWeights& p, AdaptiveSoftmaxCache& cache) {
  if (!p.tied()) return {p.own.head_weight, p.own.head_bias};
  if (cache.packing == WeightPacking::every_pass || cache.head_weight.empty()) {
    const Index tokens = p.own.head_tokens(), columns = p.table.cols;
    cache.head_weight.reshape(p.own.head_bias.cols(), columns);
    std::copy_n(p.table.data, tokens * columns, cache.head_weight.data());
    std::copy_n(p.own.head_weight.data(), p.own.head_weight.size(), cache.head_weight.row(tokens));
  }
  return {cache.head_weight, p.own.head_bias};
}

/// Where the gradient of the head's weights is added.
MatrixView dhead_of(const AdaptiveSoftmaxWeights& p, const AdaptiveSoftmaxGradients& gradients,
                    AdaptiveSoftmaxCache& cache) {
  if (!p.tied()) return gradients.own.head_weight;
  cache.dhead_weight.reshape(p.own.head_bias.cols(), p.table.cols);
  cache.dhead_weight.zero();
  return cache.dhead_weight;
}

/// Tied, the gradient of the head's weights belongs to two places.
void split_dhead(const AdaptiveSoftmaxWeights& p, const AdaptiveSoftmaxCache& cache,
                 const AdaptiveSoftmaxGradients& gradients) {
  if (!p.tied()) return;
  const Index of_tokens = p.own.head_tokens() * p.table.cols;
  kernels().axpy(of_tokens, 1.0f, cache.dhead_weight.data(), gradients.table.data);
  kernels().axpy(gradients.own.head_weight.size(), 1.0f, cache.dhead_weight.data() + of_tokens,
                 gradients.own.head_weight.data());
}

/// The rows of the table that are the weights of a cluster.
template <class View>
View rows_of_cluster(const AdaptiveSoftmaxParameters& own, std::size_t i, View table) {
  const Index last = i + 1 < own.clusters.size() ? own.clusters[i + 1].first : table.rows;
  return table.row_range(own.clusters[i].first, last);
}

MatrixView dweight_of(const AdaptiveSoftmaxWeights& p, const AdaptiveSoftmaxGradients& gradients, std::size_t i) {
  if (p.tied()) return rows_of_cluster(p.own, i, gradients.table);
  return gradients.own.clusters[i].weight;
}

/// The weights of a cluster. Its tokens have no bias.
SoftmaxWeights weights_of(const AdaptiveSoftmaxWeights& p, std::size_t i, OfCluster& cluster) {
  const ConstMatrixView weight = p.weight(i);
  if (cluster.no_bias.cols() != weight.rows) cluster.no_bias = Matrix(1, weight.rows);
  return {weight, cluster.no_bias};
}

/// Which rows go through which cluster, and what the head has to predict.
void assign_rows(const AdaptiveSoftmaxWeights& p, std::span<const std::int32_t> targets, AdaptiveSoftmaxCache& cache) {
  cache.head_targets.assign(targets.begin(), targets.end());
  cache.clusters.resize(p.own.clusters.size());
  for (OfCluster& cluster : cache.clusters) {
    cluster.rows.clear();
    cluster.targets.clear();
  }
  for (std::size_t n = 0; n < targets.size(); ++n) {
    Index place = targets[n] - p.own.head_tokens();
    if (place < 0) continue;
    std::size_t i = 0;
    while (place >= p.weight(i).rows) place -= p.weight(i++).rows;
    cache.head_targets[n] = static_cast<std::int32_t>(p.own.head_tokens() + static_cast<Index>(i));
    cache.clusters[i].rows.push_back(static_cast<std::int32_t>(n));
    cache.clusters[i].targets.push_back(static_cast<std::int32_t>(place));
  }
}

/// projected = x P^T. Returns it, or x if there is no P.
ConstMatrixView project(Context& context, const ClusterParameters& p, ConstMatrixView x, WeightPacking packing,
                        OfCluster& cluster, Matrix& projected) {
  if (p.projection.empty()) return x;
  if (packing == WeightPacking::every_pass || cluster.projection_transposed.empty())
    cluster.projection_transposed.pack(context, p.projection, Transpose::yes, context.products());
  projected.reshape(x.rows, p.projection.rows());
  multiply(context, x, cluster.projection_transposed, 0.0f, projected);
  return projected;
}

/// The rows of a cluster, gathered and projected.
ConstMatrixView take_rows(Context& context, const ClusterParameters& p, ConstMatrixView x, WeightPacking packing,
                          OfCluster& cluster, AdaptiveSoftmaxCache& cache) {
  cache.x.reshape(static_cast<Index>(cluster.rows.size()), x.cols);
  gather_rows(context, x, cluster.rows, cache.x);
  cache.nll.resize(cluster.rows.size());
  return project(context, p, cache.x, packing, cluster, cache.projected);
}

void add_nll(const OfCluster& cluster, const AdaptiveSoftmaxCache& cache, std::span<double> nll) {
  for (std::size_t i = 0; i < cluster.rows.size(); ++i) nll[static_cast<std::size_t>(cluster.rows[i])] += cache.nll[i];
}

/// Adds the gradient of the projection. Returns that of the cluster's rows of x.
ConstMatrixView projection_backward(Context& context, const ClusterParameters& p, AdaptiveSoftmaxCache& cache,
                                    Matrix& dprojection) {
  if (p.projection.empty()) return cache.dprojected;
  multiply_transposed(context, cache.dprojected, cache.x, 1.0f, dprojection, context.products());
  cache.projection.pack(context, p.projection, Transpose::no, context.products());
  cache.dx.reshape(cache.x.rows(), cache.x.cols());
  multiply(context, cache.dprojected, cache.projection, 0.0f, cache.dx);
  return cache.dx;
}

void add_to_rows(Context& context, ConstMatrixView part, const OfCluster& cluster, MatrixView dx) {
  context.parallel_ranges(part.rows, kRowsPerTask, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i)
      kernels().axpy(dx.cols, 1.0f, part.row(i), dx.row(cluster.rows[static_cast<std::size_t>(i)]));
  });
}

}  // namespace

std::vector<Cluster> clusters_of(const SoftmaxConfig& config, Index inputs, Index vocabulary) {
  std::vector<Cluster> clusters;
  for (std::size_t i = 0; i < config.cutoffs.size(); ++i) {
    const double divisor = std::pow(config.divisor, static_cast<double>(i + 1));
    const Index last = i + 1 < config.cutoffs.size() ? config.cutoffs[i + 1] : vocabulary;
    clusters.push_back(
        {config.cutoffs[i], last, std::max<Index>(1, floor_of_quotient(static_cast<double>(inputs), divisor))});
  }
  return clusters;
}

double adaptive_softmax_ops(const SoftmaxConfig& config, bool tied, Index inputs, Index vocabulary) {
  const std::vector<Cluster> clusters = clusters_of(config, inputs, vocabulary);
  const double head = static_cast<double>(config.cutoffs.front()) + static_cast<double>(clusters.size());
  double ops = head * static_cast<double>(inputs);
  for (const Cluster& cluster : clusters)
    ops += zipf_share(cluster, vocabulary) * static_cast<double>(cluster.width) *
           ((tied ? 0 : static_cast<double>(inputs)) + static_cast<double>(cluster.size()));
  return ops;
}

ConstMatrixView AdaptiveSoftmaxWeights::weight(std::size_t cluster) const {
  return tied() ? rows_of_cluster(own, cluster, table) : own.clusters[cluster].weight.view();
}

Index AdaptiveSoftmaxWeights::vocabulary() const {
  Index sum = own.head_tokens();
  for (std::size_t i = 0; i < own.clusters.size(); ++i) sum += weight(i).rows;
  return sum;
}

Index AdaptiveSoftmaxWeights::elements() const {
  Index sum = own.head_bias.cols() * own.head_weight.cols();
  for (std::size_t i = 0; i < own.clusters.size(); ++i)
    sum += own.clusters[i].projection.size() + weight(i).rows * weight(i).cols;
  return sum;
}

LayerTensors adaptive_softmax_tensors(const SoftmaxConfig& config, bool tied, Index inputs, Index vocabulary) {
  const std::vector<Cluster> clusters = clusters_of(config, inputs, vocabulary);
  const Index head = config.cutoffs.front() + static_cast<Index>(clusters.size());
  const auto table = [](const std::string& name, Index rows, Index columns) {
    return TensorSpec{.name = name,
                      .rows = rows,
                      .columns = columns,
                      .initial = InitialValue::normal,
                      .scale = 0.01,
                      .group = ParameterGroup::tables};
  };
  std::vector<TensorSpec> tensors = {
      table("head.weight", tied ? head - config.cutoffs.front() : head, inputs),
      {.name = "head.bias", .rows = 1, .columns = head, .group = ParameterGroup::tables, .vector = true}};
  for (std::size_t i = 0; i < clusters.size(); ++i) {
    const std::string tail = "tail." + std::to_string(i) + ".";
    tensors.push_back({.name = tail + "projection",
                       .rows = tied ? 0 : clusters[i].width,
                       .columns = inputs,
                       .initial = InitialValue::uniform});
    tensors.push_back(table(tail + "weight", tied ? 0 : clusters[i].size(), clusters[i].width));
  }
  return {{.tensors = std::move(tensors)}};
}

std::vector<TensorPointer> tensor_pointers(AdaptiveSoftmaxParameters& p) {
  std::vector<TensorPointer> pointers = {p.head_weight, p.head_bias};
  for (ClusterParameters& cluster : p.clusters) {
    pointers.emplace_back(cluster.projection);
    pointers.emplace_back(cluster.weight);
  }
  return pointers;
}

void adaptive_softmax_forward(Context& context, const AdaptiveSoftmaxWeights& p, ConstMatrixView x,
                              std::span<const std::int32_t> targets, AdaptiveSoftmaxCache& cache,
                              std::span<double> nll) {
  assign_rows(p, targets, cache);
  cache.head.packing = cache.packing;
  softmax_forward(context, head_of(p, cache), x, cache.head_targets, cache.head, nll);
  for (std::size_t i = 0; i < p.own.clusters.size(); ++i) {
    OfCluster& cluster = cache.clusters[i];
    if (cluster.rows.empty()) continue;
    const ConstMatrixView projected = take_rows(context, p.own.clusters[i], x, cache.packing, cluster, cache);
    cluster.softmax.packing = cache.packing;
    softmax_forward(context, weights_of(p, i, cluster), projected, cluster.targets, cluster.softmax, cache.nll);
    add_nll(cluster, cache, nll);
  }
}

void adaptive_softmax_forward_backward(Context& context, const AdaptiveSoftmaxWeights& p, ConstMatrixView x,
                                       std::span<const std::int32_t> targets, double scale, AdaptiveSoftmaxCache& cache,
                                       std::span<double> nll, const AdaptiveSoftmaxGradients& gradients,
                                       MatrixView dx) {
  assign_rows(p, targets, cache);
  cache.head.packing = cache.packing;
  softmax_forward_backward(context, head_of(p, cache), x, cache.head_targets, scale, cache.head, nll,
                           {dhead_of(p, gradients, cache), gradients.own.head_bias.values()}, dx);
  split_dhead(p, cache, gradients);
  for (std::size_t i = 0; i < p.own.clusters.size(); ++i) {
    OfCluster& cluster = cache.clusters[i];
    if (cluster.rows.empty()) continue;
    // Not even a pass with the same weights packed them if it had no row of this cluster.
    const ConstMatrixView projected =
        take_rows(context, p.own.clusters[i], x, WeightPacking::every_pass, cluster, cache);
    cache.dprojected.reshape(projected.rows, projected.cols);
    softmax_forward_backward(context, weights_of(p, i, cluster), projected, cluster.targets, scale, cache.of_training,
                             cache.nll, {dweight_of(p, gradients, i), {}}, cache.dprojected);
    add_nll(cluster, cache, nll);
    const ConstMatrixView of_rows =
        projection_backward(context, p.own.clusters[i], cache, gradients.own.clusters[i].projection);
    add_to_rows(context, of_rows, cluster, dx);
  }
}

void adaptive_softmax_log_probabilities(Context& context, const AdaptiveSoftmaxWeights& p, ConstMatrixView x,
                                        AdaptiveSoftmaxCache& cache, MatrixView log_probabilities) {
  ensure(log_probabilities.cols == p.vocabulary() && log_probabilities.rows == x.rows, "one value a row and token");
  Matrix head(x.rows, p.own.head_bias.cols());
  cache.head.packing = cache.packing;
  softmax_log_probabilities(context, head_of(p, cache), x, cache.head, head);
  for (Index n = 0; n < x.rows; ++n) std::copy_n(head.row(n), p.own.head_tokens(), log_probabilities.row(n));
  cache.clusters.resize(p.own.clusters.size());
  Index first = p.own.head_tokens();
  for (std::size_t i = 0; i < p.own.clusters.size(); ++i) {
    const Index last = first + p.weight(i).rows;
    OfCluster& cluster = cache.clusters[i];
    const ConstMatrixView projected = project(context, p.own.clusters[i], x, cache.packing, cluster, cache.projected);
    cluster.softmax.packing = cache.packing;
    softmax_log_probabilities(context, weights_of(p, i, cluster), projected, cluster.softmax,
                              log_probabilities.col_range(first, last));
    context.parallel_ranges(x.rows, 1, [&](Index begin, Index end) {
      for (Index n = begin; n < end; ++n) {
        const float of_cluster = head(n, p.own.head_tokens() + static_cast<Index>(i));
        for (Index t = first; t < last; ++t) log_probabilities(n, t) += of_cluster;
      }
    });
    first = last;
  }
}

}  // namespace moelm
