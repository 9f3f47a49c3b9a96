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

SoftmaxWeights head_of(const AdaptiveSoftmaxParameters& p) { return {p.head_weight, p.head_bias}; }

/// The weights of a cluster. Its tokens have no bias.
SoftmaxWeights weights_of(const ClusterParameters& p, OfCluster& cluster) {
  if (cluster.no_bias.cols() != p.weight.rows()) cluster.no_bias = Matrix(1, p.weight.rows());
  return {p.weight, cluster.no_bias};
}

/// Which rows go through which cluster, and what the head has to predict.
void assign_rows(const AdaptiveSoftmaxParameters& p, std::span<const std::int32_t> targets,
                 AdaptiveSoftmaxCache& cache) {
  cache.head_targets.assign(targets.begin(), targets.end());
  cache.clusters.resize(p.clusters.size());
  for (OfCluster& cluster : cache.clusters) {
    cluster.rows.clear();
    cluster.targets.clear();
  }
  for (std::size_t n = 0; n < targets.size(); ++n) {
    Index place = targets[n] - p.head_tokens();
    if (place < 0) continue;
    std::size_t i = 0;
    while (place >= p.clusters[i].weight.rows()) place -= p.clusters[i++].weight.rows();
    cache.head_targets[n] = static_cast<std::int32_t>(p.head_tokens() + static_cast<Index>(i));
    cache.clusters[i].rows.push_back(static_cast<std::int32_t>(n));
    cache.clusters[i].targets.push_back(static_cast<std::int32_t>(place));
  }
}

/// projected = x P^T.
void project(Context& context, const ClusterParameters& p, ConstMatrixView x, WeightPacking packing, OfCluster& cluster,
             Matrix& projected) {
  if (packing == WeightPacking::every_pass || cluster.projection_transposed.empty())
    cluster.projection_transposed.pack(context, p.projection, Transpose::yes, context.products());
  projected.reshape(x.rows, p.projection.rows());
  multiply(context, x, cluster.projection_transposed, 0.0f, projected);
}

/// The rows of a cluster, gathered and projected.
void take_rows(Context& context, const ClusterParameters& p, ConstMatrixView x, OfCluster& cluster,
               AdaptiveSoftmaxCache& cache) {
  cache.x.reshape(static_cast<Index>(cluster.rows.size()), x.cols);
  gather_rows(context, x, cluster.rows, cache.x);
  project(context, p, cache.x, cache.packing, cluster, cache.projected);
  cache.nll.resize(cluster.rows.size());
}

void add_nll(const OfCluster& cluster, const AdaptiveSoftmaxCache& cache, std::span<double> nll) {
  for (std::size_t i = 0; i < cluster.rows.size(); ++i) nll[static_cast<std::size_t>(cluster.rows[i])] += cache.nll[i];
}

/// Adds the gradient of the projection, and that of x to the cluster's rows of dx.
void projection_backward(Context& context, const ClusterParameters& p, const OfCluster& cluster,
                         AdaptiveSoftmaxCache& cache, Matrix& dprojection, MatrixView dx) {
  multiply_transposed(context, cache.dprojected, cache.x, 1.0f, dprojection, context.products());
  cache.projection.pack(context, p.projection, Transpose::no, context.products());
  cache.dx.reshape(cache.x.rows(), dx.cols);
  multiply(context, cache.dprojected, cache.projection, 0.0f, cache.dx);
  context.parallel_ranges(cache.dx.rows(), kRowsPerTask, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i)
      kernels().axpy(dx.cols, 1.0f, cache.dx.row(i), dx.row(cluster.rows[static_cast<std::size_t>(i)]));
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

double adaptive_softmax_ops(const SoftmaxConfig& config, Index inputs, Index vocabulary) {
  const std::vector<Cluster> clusters = clusters_of(config, inputs, vocabulary);
  const double head = static_cast<double>(config.cutoffs.front()) + static_cast<double>(clusters.size());
  double ops = head * static_cast<double>(inputs);
  for (const Cluster& cluster : clusters)
    ops += zipf_share(cluster, vocabulary) * static_cast<double>(cluster.width) *
           (static_cast<double>(inputs) + static_cast<double>(cluster.size()));
  return ops;
}

Index AdaptiveSoftmaxParameters::vocabulary() const {
  Index sum = head_tokens();
  for (const ClusterParameters& cluster : clusters) sum += cluster.weight.rows();
  return sum;
}

Index AdaptiveSoftmaxParameters::elements() const {
  Index sum = head_weight.size();
  for (const ClusterParameters& cluster : clusters) sum += cluster.projection.size() + cluster.weight.size();
  return sum;
}

LayerTensors adaptive_softmax_tensors(const SoftmaxConfig& config, Index inputs, Index vocabulary) {
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
      table("head.weight", head, inputs),
      {.name = "head.bias", .rows = 1, .columns = head, .group = ParameterGroup::tables, .vector = true}};
  for (std::size_t i = 0; i < clusters.size(); ++i) {
    const std::string tail = "tail." + std::to_string(i) + ".";
    tensors.push_back(
        {.name = tail + "projection", .rows = clusters[i].width, .columns = inputs, .initial = InitialValue::uniform});
    tensors.push_back(table(tail + "weight", clusters[i].size(), clusters[i].width));
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

void adaptive_softmax_forward(Context& context, const AdaptiveSoftmaxParameters& p, ConstMatrixView x,
                              std::span<const std::int32_t> targets, AdaptiveSoftmaxCache& cache,
                              std::span<double> nll) {
  assign_rows(p, targets, cache);
  cache.head.packing = cache.packing;
  softmax_forward(context, head_of(p), x, cache.head_targets, cache.head, nll);
  for (std::size_t i = 0; i < p.clusters.size(); ++i) {
    OfCluster& cluster = cache.clusters[i];
    if (cluster.rows.empty()) continue;
    take_rows(context, p.clusters[i], x, cluster, cache);
    cluster.softmax.packing = cache.packing;
    softmax_forward(context, weights_of(p.clusters[i], cluster), cache.projected, cluster.targets, cluster.softmax,
                    cache.nll);
    add_nll(cluster, cache, nll);
  }
}

void adaptive_softmax_forward_backward(Context& context, const AdaptiveSoftmaxParameters& p, ConstMatrixView x,
                                       std::span<const std::int32_t> targets, double scale, AdaptiveSoftmaxCache& cache,
                                       std::span<double> nll, AdaptiveSoftmaxParameters& gradients, MatrixView dx) {
  ensure(cache.packing == WeightPacking::every_pass, "training changes weights between passes");
  assign_rows(p, targets, cache);
  softmax_forward_backward(context, head_of(p), x, cache.head_targets, scale, cache.head, nll,
                           {gradients.head_weight, gradients.head_bias.values()}, dx);
  for (std::size_t i = 0; i < p.clusters.size(); ++i) {
    OfCluster& cluster = cache.clusters[i];
    if (cluster.rows.empty()) continue;
    take_rows(context, p.clusters[i], x, cluster, cache);
    cache.dprojected.reshape(cache.projected.rows(), cache.projected.cols());
    softmax_forward_backward(context, weights_of(p.clusters[i], cluster), cache.projected, cluster.targets, scale,
                             cache.of_training, cache.nll, {gradients.clusters[i].weight, {}}, cache.dprojected);
    add_nll(cluster, cache, nll);
    projection_backward(context, p.clusters[i], cluster, cache, gradients.clusters[i].projection, dx);
  }
}

void adaptive_softmax_log_probabilities(Context& context, const AdaptiveSoftmaxParameters& p, ConstMatrixView x,
                                        AdaptiveSoftmaxCache& cache, MatrixView log_probabilities) {
  ensure(log_probabilities.cols == p.vocabulary() && log_probabilities.rows == x.rows, "one value a row and token");
  Matrix head(x.rows, p.head_weight.rows());
  cache.head.packing = cache.packing;
  softmax_log_probabilities(context, head_of(p), x, cache.head, head);
  for (Index n = 0; n < x.rows; ++n) std::copy_n(head.row(n), p.head_tokens(), log_probabilities.row(n));
  cache.clusters.resize(p.clusters.size());
  Index first = p.head_tokens();
  for (std::size_t i = 0; i < p.clusters.size(); ++i) {
    const Index last = first + p.clusters[i].weight.rows();
    OfCluster& cluster = cache.clusters[i];
    project(context, p.clusters[i], x, cache.packing, cluster, cache.projected);
    cluster.softmax.packing = cache.packing;
    softmax_log_probabilities(context, weights_of(p.clusters[i], cluster), cache.projected, cluster.softmax,
                              log_probabilities.col_range(first, last));
    context.parallel_ranges(x.rows, 1, [&](Index begin, Index end) {
      for (Index n = begin; n < end; ++n) {
        const float of_cluster = head(n, p.head_tokens() + static_cast<Index>(i));
        for (Index t = first; t < last; ++t) log_probabilities(n, t) += of_cluster;
      }
    });
    first = last;
  }
}

}  // namespace moelm
