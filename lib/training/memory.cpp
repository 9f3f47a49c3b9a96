#include "training/memory.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "model/parameters.hpp"
#include "model/size.hpp"
#include "moe/auxiliary_losses.hpp"
#include "moe/experts.hpp"
#include "nn/adaptive_softmax.hpp"
#include "nn/logit_rows.hpp"
#include "nn/softmax.hpp"
#include "optim/moments.hpp"
#include "training/lane_memory.hpp"

namespace moelm {

namespace {

constexpr double kNumber = sizeof(float);
constexpr double kStepOfRow = sizeof(std::int64_t), kDecayOfRow = sizeof(double);
/// Overhead of a matrix with its moments: owners, blocks, names, and the entries in the header of a file that is
/// written and read back. Measured: 1,700 bytes per matrix with 3,000 experts of two tiny matrices.
constexpr double kBytesOfTensor = 2048;
/// Copies of what a stream carries.
constexpr double kStates = 3;
/// Code, libraries, thread stacks, and one decoded block of input.
constexpr double kProcess = 64.0 * (1 << 20);

/// Sums in double: beyond 2^53 bytes a rounding error does not matter, an overflow would.
struct Sums {
  // `saved`: numbers' worth of weights that are kept in bfloat16; `elsewhere`: of experts of other ranks; `rounded`:
  // what is kept in the type of products; `packed`: weights of a validation in that type.
  double saved = 0, rounded = 0, packed = 0, state = 0, tensors = 0, moments = 0, gradients = 0, activations = 0,
         copies = 0, validation = 0, exchange = 0, elsewhere = 0;
};

struct Shape {
  double inputs, vocabulary, rows, pass_rows, validation_rows, threads, ranks;
  double rounded_rows;  // numbers' worth of a number in a row that travels to experts, beside the number itself
  bool full_softmax;
  const OptimizerConfig& optimizer;
  const ModelConfig& model;
};

double number(Index value) { return static_cast<double>(value); }

/// What follows from the declared tensors alone: moments, gradients, copies for the matrix library.
void add_tensors(const LayerTensors& tensors, const Shape& s, Sums& sums) {
  double largest = 0;  // matrix of an expert: its gradient exists once per thread
  for (const TensorBlock& block : tensors) {
    const bool shared_out = block.name == "experts" && s.ranks > 1;
    const double copies = shared_out ? std::ceil(number(block.copies) / s.ranks) : number(block.copies);
    for (const TensorSpec& spec : block.tensors) {
      if (!spec.exists() || copies == 0) continue;
      const double rows = number(spec.rows), columns = number(spec.columns), size = rows * columns;
      if (shared_out) sums.elsewhere += (number(block.copies) - copies) * size;
      if (spec.type == DataType::bf16) sums.saved += copies * size / 2;
      if (spec.gradient == GradientForm::none) continue;
      sums.moments += copies * moment_numbers(s.optimizer.of(spec.group).kind, rows, columns, spec.vector);
      if (spec.gradient == GradientForm::whole) {
        sums.gradients += copies * size;
        if (!spec.vector && spec.group == ParameterGroup::dense) sums.copies += copies * size;
      } else if (spec.gradient == GradientForm::rows) {
        sums.moments += (spec.vector ? columns : rows) * kStepOfRow / kNumber;
        if (s.optimizer.of(spec.group).weight_decay > 0 && !spec.vector) sums.moments += rows * kDecayOfRow / kNumber;
      } else {
        largest = std::max(largest, size);
        sums.tensors += copies;
      }
    }
  }
  sums.gradients += s.threads * largest;
}

void add_layer(const EmbeddingConfig& c, const Shape& s, Sums& sums) {
  sums.gradients += std::min(s.rows, s.vocabulary) * number(c.width);
  sums.activations += s.pass_rows * number(c.width);
  sums.validation += s.validation_rows * number(c.width);
}

void add_layer(const LstmConfig& c, const Shape& s, Sums& sums) {
  const double cells = number(c.cells), outputs = number(c.output_width());
  const double weights = 4 * cells * (s.inputs + outputs) + (c.projection > 0 ? cells * outputs : 0);
  // Gates, c, tanh c (and the output before a projection); output, previous and total gradient of h; the layer's x.
  sums.activations += s.pass_rows * ((c.projection > 0 ? 7 : 6) * cells + 4 * outputs);
  if (s.model.weight_drop > 0) sums.activations += 4 * cells * outputs;
  sums.packed += weights;
  sums.state += cells + outputs;
  sums.validation += s.validation_rows * ((c.projection > 0 ? 7 : 6) * cells + 2 * outputs);
}

/// How many matrices of a GateCache have a column for each expert. Noise adds four: logits, standard deviation, samples
/// and a gradient. A balanced gate adds its masks, of a byte for each element.
double gate_matrices(GateKind kind) {
  switch (kind) {
    case GateKind::noisy_top_k:
      return 7;
    case GateKind::balanced:
      return 4;
    case GateKind::top_k:
    case GateKind::sigmoid:
    case GateKind::softmax:
      return 3;
  }
  return 0;
}

/// The matrices, and for every pair of row and expert its order, choice, gate and slot.
double gate_activations(const GateConfig& gate, double rows) {
  return rows * (number(gate.experts) * gate_matrices(gate.kind) + number(gate.experts_per_token()) * 6);
}

void add_gates(const MoeConfig& c, const Shape& s, double pairs, Sums& sums) {
  const double logit = (c.primary_gate().noisy() ? 2 : 1) * s.inputs;
  const double weights = logit * (number(c.primary_gate().experts) + (c.hierarchical() ? number(c.experts) : 0));
  sums.activations += gate_activations(c.primary_gate(), s.pass_rows) + pairs * 6;
  if (has_auxiliary_losses(c))
    sums.activations += s.pass_rows * (number(c.experts) + sizeof(double) / kNumber);  // softmax, log_sum_exp
  sums.validation +=
      weights + s.validation_rows * number(c.primary_gate().experts) * (c.primary_gate().noisy() ? 4 : 2);
  if (!c.hierarchical()) return;
  // The rows of each group, gathered, and their gradient.
  const double in_groups = s.pass_rows * number(c.primary_gate().experts_per_token());
  sums.activations += gate_activations(c.secondary_gate(), in_groups) + 2 * in_groups * s.inputs;
}

void add_layer(const MoeConfig& c, const Shape& s, Sums& sums) {
  const double overload = s.ranks > 1 ? kExpectedOverload : 1;
  const double pairs = overload * s.rows * number(c.experts_per_token()), routed = pairs + s.rows * number(c.shared);
  if (c.has_gate()) add_gates(c, s, pairs, sums);
  if (c.hierarchical()) sums.tensors += number(c.groups);
  const double experts = number(c.experts) + number(c.shared);
  sums.moments += experts * (kStepOfRow + (s.optimizer.experts.weight_decay > 0 ? kDecayOfRow : 0)) / kNumber;
  double hidden = 0;
  for (const Index units : c.hidden) hidden += number(units);
  // Of all rows of the step: routed rows, the gradient of the output, those of the hidden layers, and these where they
  // are kept. Of a pass: output, gradient of the routed rows, and the layer's output twice.
  sums.activations += routed * (2 * s.inputs + (c.recompute ? 1 : 2) * hidden);
  sums.activations += s.pass_rows * (routed / s.rows + 1) * 2 * s.inputs;
  sums.validation += s.validation_rows * (routed / s.rows * (2 * s.inputs + (c.recompute ? 0 : hidden)) + 2 * s.inputs);
  const double weights = number(expert_weights(c, static_cast<Index>(s.inputs)));
  const double here = std::ceil(number(c.experts) / s.ranks) + number(c.shared);
  sums.packed += here * weights <= number(kMaxCachedElements) ? here * weights : 0;
  // Rows of slots and results for them; rows in the order of the messages; rows to the owners that are rounded.
  if (s.ranks > 1)
    sums.exchange +=
        (2 + overload + (1 + overload) * s.rounded_rows) * s.rows * number(c.experts_per_token()) * s.inputs;
  if (c.hidden_dropout > 0) sums.activations += routed * sizeof(Index) / kNumber;
  if (c.mask_outputs > 0) sums.activations += pairs * sizeof(std::uint8_t) / kNumber;
  if (c.recompute) sums.activations += s.threads * std::min(pairs, number(kRowsOfGradient)) * hidden;
  sums.copies += s.threads * weights;
}

/// Rows that are sampled, their gradient and both their copies; gradients of the targets' rows, and of all these
/// together.
void add_sample(double samples, const Shape& s, Sums& sums) {
  const double targets = std::min(s.pass_rows, s.vocabulary);
  sums.activations += 2 * samples * s.inputs + s.pass_rows * s.inputs;
  sums.rounded += std::min(s.pass_rows, number(softmax_chunk_rows(static_cast<Index>(samples)))) * samples;
  sums.activations += s.threads * samples * number(logit_rows_of_a_task(static_cast<Index>(samples)));
  sums.copies += 2 * samples * s.inputs;
  sums.gradients += (2 * targets + samples) * (s.inputs + 1);
}

/// Both copies of the weights, the gradients of a chunk of logits, and the logits that threads hold.
void add_full(double tokens, double inputs, const Shape& s, Sums& sums) {
  const auto count = static_cast<Index>(tokens);
  sums.copies += 2 * tokens * inputs;
  sums.rounded += std::min(s.pass_rows, number(softmax_chunk_rows(count))) * tokens;
  sums.activations += s.threads * tokens * number(logit_rows_of_a_task(count));
}

/// The passes of a step have one form or the other. The gradient of all rows replaces that of some.
void add_sample_then_full(double samples, const Shape& s, Sums& sums) {
  Sums sampled, full;
  add_sample(samples, s, sampled);
  add_full(s.vocabulary, s.inputs, s, full);
  sums.gradients += sampled.gradients + s.vocabulary * (s.inputs + 1);
  sums.activations += std::max(sampled.activations, full.activations);
  sums.rounded += std::max(sampled.rounded, full.rounded);
  sums.copies += std::max(sampled.copies, full.copies);
}

/// What a validation keeps of weights, and the logits of a block.
void add_scoring(double tokens, double inputs, bool kept, const Shape& s, Sums& sums) {
  const Index block = softmax_block(static_cast<Index>(tokens));
  sums.packed += (kept ? tokens : number(block)) * inputs;
  sums.validation += s.threads * number(block) * number(logit_rows_of_a_task(block));
}

/// The head, and one cluster after the other with its rows (at most all of them), these projected, and their gradients.
void add_adaptive(const SoftmaxConfig& c, const Shape& s, Sums& sums) {
  const std::vector<Cluster> clusters = clusters_of(c, static_cast<Index>(s.inputs), static_cast<Index>(s.vocabulary));
  const double head = number(c.cutoffs.front()) + number(static_cast<Index>(clusters.size()));
  double elements = head * s.inputs;
  const double projected_from = s.model.tied ? 0 : s.inputs;
  for (const Cluster& cluster : clusters) elements += number(cluster.width) * (projected_from + number(cluster.size()));
  const bool kept = elements <= number(kMaxCachedElements);
  add_full(head, s.inputs, s, sums);
  add_scoring(head, s.inputs, kept, s, sums);
  if (s.model.tied) {  // the head's weights and their gradient, in one place
    sums.activations += 2 * head * s.inputs;
    sums.validation += head * s.inputs;
  }
  Sums largest;
  for (const Cluster& cluster : clusters) {
    Sums one;
    const double width = number(cluster.width);
    add_full(number(cluster.size()), width, s, one);
    add_scoring(number(cluster.size()), width, kept, s, sums);
    sums.packed += width * projected_from;
    largest.copies = std::max(largest.copies, one.copies + width * projected_from);
    largest.rounded = std::max(largest.rounded, one.rounded);
    largest.activations = std::max(largest.activations, one.activations + 2 * s.pass_rows * (s.inputs + width));
    largest.validation = std::max(largest.validation, s.validation_rows * (s.inputs + width));
  }
  sums.copies += largest.copies;
  sums.rounded += largest.rounded;
  sums.activations += largest.activations;
  sums.validation += largest.validation;
}

void add_layer(const SoftmaxConfig& c, const Shape& s, Sums& sums) {
  if (!c.cutoffs.empty()) return add_adaptive(c, s, sums);
  add_scoring(s.vocabulary, s.inputs, s.vocabulary * s.inputs <= number(kMaxCachedElements), s, sums);
  if (c.samples == 0) return add_full(s.vocabulary, s.inputs, s, sums);
  const double samples = std::min(number(c.samples), s.vocabulary);
  s.full_softmax ? add_sample_then_full(samples, s, sums) : add_sample(samples, s, sums);
}

Index bytes(double numbers) {
  const double value = numbers * kNumber;
  return value < 9e18 ? static_cast<Index>(value) : std::numeric_limits<Index>::max() / 8;
}

}  // namespace

TrainingMemory training_memory(const ModelConfig& config, Index vocabulary, const TrainingRows& rows, int threads,
                               const OptimizerConfig& optimizer, DataType products) {
  const double of_products = products == DataType::bf16 ? 0.5 : 1;
  const ModelSize size = model_size(config, vocabulary);
  const std::vector<Index> widths = input_widths(config);
  const std::vector<LayerTensors> tensors = model_tensors(config, vocabulary);
  const Index rows_of_rank = (rows.step + rows.ranks - 1) / rows.ranks;
  const double pass_rows = number(rows.pass > 0 ? std::min(rows.pass, rows.step) : rows_of_rank);
  Sums sums;
  Index widest = 0;
  for (std::size_t i = 0; i < config.layers.size(); ++i) {
    const Shape shape{number(widths[i]),
                      number(vocabulary),
                      number(rows_of_rank),
                      pass_rows,
                      number(rows.validation),
                      number(threads),
                      number(rows.ranks),
                      of_products == 1 ? 0 : of_products,
                      rows.full_softmax,
                      optimizer,
                      config};
    widest = std::max(widest, widths[i]);
    add_tensors(tensors[i], shape, sums);
    std::visit([&](const auto& layer) { add_layer(layer, shape, sums); }, config.layers[i]);
  }
  TrainingMemory memory;
  memory.weights = bytes(number(size.parameters) - sums.saved - sums.elsewhere);
  memory.moments = bytes(sums.moments);
  memory.gradients = bytes(sums.gradients);
  if (config.locked_dropout) sums.activations += pass_rows * sizeof(Index) / kNumber;
  // Three gradients of activations are on their way at a time; over lanes also what a layer gets and gives.
  const bool over_lanes = rows.ranks > 1 || rows.lanes > 1;
  const LaneNumbers of_lanes = lane_numbers(config, vocabulary, pass_rows, rows.lanes);
  sums.activations += of_lanes.factors;
  memory.activations =
      bytes(sums.activations + of_products * sums.rounded + (over_lanes ? 5 : 3) * pass_rows * number(widest));
  memory.copies = bytes(of_products * sums.copies);
  memory.validation = rows.validation > 0 ? bytes(sums.validation + of_products * sums.packed) : 0;
  memory.streams = bytes(number(rows.streams) * (kStates * sums.state + number(rows.reading) / kNumber));
  // Gradients of a lane, those of the other ranks' slices and their sums, beside those that are counted above.
  const double exchange = rows.ranks > 1 ? sums.exchange + 2 * sums.gradients : 0;
  memory.exchange = bytes(exchange + of_lanes.partial_sums * sums.gradients + of_lanes.tables);
  memory.tensors = bytes(sums.tensors * kBytesOfTensor / kNumber);
  memory.process = static_cast<Index>(kProcess);
  return memory;
}

}  // namespace moelm
