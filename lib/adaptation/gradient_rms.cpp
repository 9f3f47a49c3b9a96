#include "adaptation/gradient_rms.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "base/error.hpp"
#include "model/layer_tensors.hpp"
#include "model_files/model_store.hpp"

namespace moelm {

namespace {

double mean_of(const Matrix& m) {
  double sum = 0;
  for (const float v : m.values()) sum += static_cast<double>(v);
  return m.empty() ? 0 : sum / static_cast<double>(m.size());
}

/// Reads the moments of one tensor after another.
class MomentsReader {
 public:
  MomentsReader(const SafetensorsFile& file, const OptimizerConfig& optimizer, Index step)
      : file_(file), optimizer_(optimizer), step_(step) {}

  Matrix rms(const AdaptedTensor& adapted) const {
    const GroupConfig& group = optimizer_.of(adapted.group);
    Matrix v = second_moments(adapted.tensor);
    const std::vector<std::int64_t> last = last_steps(adapted, v.size());
    const Index units = static_cast<Index>(last.size()), size = v.size() / units;
    for (Index unit = 0; unit < units; ++unit) {
      const double factor = kept(group, last[static_cast<std::size_t>(unit)]) / correction(group);
      for (Index i = unit * size; i < (unit + 1) * size; ++i) {
        const double square = static_cast<double>(v.data()[i]);
        if (!(square >= 0)) refuse_negative(adapted.tensor.name, square);
        v.data()[i] = static_cast<float>(std::sqrt(square * factor));
      }
    }
    return v;
  }

 private:
  bool has(const std::string& name) const { return file_.find(name) != nullptr; }

  /// v as it was saved, or R_i C_j / mean(C).
  Matrix second_moments(const NamedTensor& tensor) const {
    const Index rows = tensor.values->rows(), columns = tensor.values->cols();
    Matrix v(rows, columns);
    if (tensor.vector || !has(tensor.name + ".rows")) {
      load_tensor(file_, tensor.name + ".v", TensorType::f32, tensor.shape(), v.data());
      return v;
    }
    Matrix r(1, rows), c(1, columns);
    load_tensor(file_, tensor.name + ".rows", TensorType::f32, {rows}, r.data());
    load_tensor(file_, tensor.name + ".columns", TensorType::f32, {columns}, c.data());
    const double mean = mean_of(c);
    for (Index i = 0; i < rows; ++i)
      for (Index j = 0; j < columns; ++j)
        v(i, j) = mean > 0 ? static_cast<float>(static_cast<double>(r(0, i)) / mean * static_cast<double>(c(0, j))) : 0;
    return v;
  }

  /// The last step with a gradient: of every row of a table, of an expert as a whole, or this step.
  std::vector<std::int64_t> last_steps(const AdaptedTensor& adapted, Index size) const {
    const std::string& name = adapted.tensor.name;
    if (adapted.group == ParameterGroup::experts) {
      // "layers.2.experts.3.weight_0" belongs to element 3 of "layers.2.experts.last_step".
      const std::size_t end = name.rfind('.'), begin = name.rfind('.', end - 1);
      const std::vector<std::int64_t> all = read_steps(name.substr(0, begin) + ".last_step");
      const auto expert = static_cast<std::size_t>(std::stoll(name.substr(begin + 1, end - begin - 1)));
      if (expert >= all.size())
        throw Error(Exit::bad_config, file_.path() + ": tensor " + name.substr(0, begin) +
                                          ".last_step: expected a step of expert " + std::to_string(expert) +
                                          ", found " + std::to_string(all.size()) + " steps");
      return {all[expert]};
    }
    if (!has(name + ".last_step")) return {step_};
    std::vector<std::int64_t> rows = read_steps(name + ".last_step");
    if (rows.empty() || size % static_cast<Index>(rows.size()) != 0)
      throw Error(Exit::bad_config, file_.path() + ": tensor " + name +
                                        ".last_step: expected one step per row, found " + std::to_string(rows.size()) +
                                        " steps for " + std::to_string(size) + " weights");
    return rows;
  }

  std::vector<std::int64_t> read_steps(const std::string& name) const {
    const StoredTensor* stored = file_.find(name);
    std::vector<std::int64_t> steps(stored == nullptr ? 0 : static_cast<std::size_t>(stored->elements()));
    load_tensor(file_, name, TensorType::i64, {static_cast<Index>(steps.size())}, steps.data());
    for (const std::int64_t s : steps)
      if (s < 0 || s > step_)
        throw Error(Exit::bad_data, file_.path() + ": tensor " + name + ": expected steps from 0 to " +
                                        std::to_string(step_) + ", found " + std::to_string(s));
    return steps;
  }

  /// What is left of moments after the steps since `last` that brought no gradient.
  double kept(const GroupConfig& group, std::int64_t last) const {
    const auto now = static_cast<double>(step_), then = static_cast<double>(last);
    if (group.kind != OptimizerKind::adafactor) return std::pow(group.beta2, now - then);
    // The product of 1 - s^-0.8 over these steps s, to first order.
    return std::exp(-5 * (std::pow(now, 0.2) - std::pow(then, 0.2)));
  }

  double correction(const GroupConfig& group) const {
    return group.kind == OptimizerKind::adafactor ? 1 : 1 - std::pow(group.beta2, static_cast<double>(step_));
  }

  [[noreturn]] void refuse_negative(const std::string& name, double found) const {
    throw Error(Exit::bad_data, file_.path() + ": second moments of " + name +
                                    ": expected numbers of at least 0, found " + std::to_string(found));
  }

  const SafetensorsFile& file_;
  const OptimizerConfig& optimizer_;
  Index step_;
};

}  // namespace

std::vector<AdaptedTensor> adapted_tensors(ModelParameters& parameters) {
  const std::vector<NamedTensor> tensors = named_tensors(parameters);
  std::vector<AdaptedTensor> adapted;
  std::size_t next = 0;
  for_each_tensor(parameters, [&](std::size_t, const std::string&, const TensorSpec& spec, std::size_t, int) {
    const NamedTensor& tensor = tensors[next++];
    // Thresholds learn from counts of tokens, not from this loss.
    if (spec.gradient != GradientForm::none && spec.group != ParameterGroup::thresholds)
      adapted.push_back({tensor, spec.group});
  });
  return adapted;
}

GradientRms read_gradient_rms(const SafetensorsFile& file, ModelParameters& parameters,
                              const OptimizerConfig& optimizer, Index step) {
  const MomentsReader reader(file, optimizer, step);
  GradientRms result;
  double sum = 0, count = 0;
  for (const AdaptedTensor& adapted : adapted_tensors(parameters)) {
    const Matrix& rms = result.rms.emplace_back(reader.rms(adapted));
    sum += mean_of(rms) * static_cast<double>(rms.size());
    count += static_cast<double>(rms.size());
  }
  result.mean = count > 0 ? sum / count : 0;
  if (!(result.mean > 0))
    throw Error(Exit::bad_data,
                file.path() + ": second moments: expected some above 0, found none; has the run been " + "trained?");
  return result;
}

}  // namespace moelm
