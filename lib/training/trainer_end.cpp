// The part of trainer.hpp that judges how training has ended.
#include <string>

#include "base/error.hpp"
#include "training/trainer.hpp"

namespace moelm {

bool Trainer::is_validated() const {
  return data_.tokens(Split::valid) == 0 || progress_.validated_step == progress_.step;
}

Index Trainer::sound_step() const {
  const bool validated = progress_.validated_step == progress_.step && progress_.validation_finite;
  return validated && data_.tokens(Split::valid) > 0 ? progress_.step : progress_.step - progress_.skipped_steps - 1;
}

void Trainer::require_finite_end() const {
  const std::string where = "training: step " + std::to_string(progress_.step) + ": expected ";
  if (data_.tokens(Split::valid) > 0 && progress_.validated_step == progress_.step && !progress_.validation_finite)
    throw Error(Exit::diverged, where + "a finite validation perplexity, found NaN or infinity");
  if (data_.tokens(Split::valid) == 0 && !progress_.training_finite)
    throw Error(Exit::diverged, where + "a finite training perplexity, found infinity");
  if (progress_.skipped_steps > 0 && sound_step() < progress_.step)
    throw Error(Exit::diverged, where + "finite numbers, found none in the last " +
                                    std::to_string(progress_.skipped_steps) + " steps, which were not applied");
}

}  // namespace moelm
