// The experts of a layer over the course of training: how much each was used, who moved, who died.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/index.hpp"

namespace moelm {

/// The use of the experts of one MoE layer in each validation, in bounded memory: of many validations every second one
/// is dropped again and again, the last one kept.
class ExpertHistory {
 public:
  explicit ExpertHistory(Index layer) : layer_(layer) {}

  /// Adds a validation after `step`. Those of this step and later ones are dropped: a resumed run repeats them. Tokens
  /// of another number of experts than before, or none at all, are left out.
  void add(double step, const std::vector<double>& tokens);

  static constexpr std::size_t kMaxValidations = 64;

  Index layer() const { return layer_; }
  Index experts() const { return experts_; }
  std::size_t validations() const { return steps_.size(); }
  double step(std::size_t validation) const { return steps_[validation]; }
  /// The expert's tokens over the mean of all experts: 1 is an even share, 0 none.
  double use(std::size_t validation, Index expert) const { return use_[validation][static_cast<std::size_t>(expert)]; }
  /// The share of all choices that lies with other experts than in the validation before, 0 to 1. REQUIRES validation >
  /// 0.
  double moved(std::size_t validation) const;

 private:
  void thin();

  Index layer_, experts_ = 0;
  std::vector<double> steps_;
  std::vector<std::vector<float>> use_;  // [validations][experts]
};

/// What became of one expert.
struct ExpertFate {
  Index expert = 0;
  double first = 0, last = 0;          ///< its use in the first and in the last validation
  double largest_change = 0;           ///< of its use between any two validations
  std::optional<double> unused_since;  ///< step of the validation from which on it had no token, if it has none now
  bool ever_used = false;
  bool revived = false;  ///< it had no token in some validation, then one again
};

/// One entry for each expert, by number.
std::vector<ExpertFate> fates(const ExpertHistory& history);

/// The same by falling largest change.
std::vector<ExpertFate> by_change(std::vector<ExpertFate> all);

/// At most `room` experts, those that changed most, by number.
std::vector<Index> most_changed(const std::vector<ExpertFate>& all, std::size_t room);

/// At most `room` of the places 0 to count - 1, evenly spread, both ends included.
std::vector<std::size_t> evenly(std::size_t count, std::size_t room);

}  // namespace moelm
