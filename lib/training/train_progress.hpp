// The progress of a training run.
#pragma once

#include "batch/batch_source.hpp"

namespace moelm {

/// Together with the tensors, all that the next step depends on.
struct TrainProgress {
  Index step = 0;       ///< finished optimizer steps
  Index tokens = 0;     ///< predicted tokens trained on
  double seconds = 0;   ///< of training, over all processes that worked on the run
  BatchPosition next;   ///< the next batch of the training text
  Index best_step = 0;  ///< step of the best scheduled validation, which patience and plateau go by; 0: none yet
  double best_nll = 0;  ///< its mean nats per token
  Index kept_step = 0;  ///< step of the best validation whose weights are in a checkpoint; 0: none
  double kept_nll = 0;
  Index validated_step = 0;       ///< step of the last validation
  bool validation_finite = true;  ///< whether its perplexity was a finite number
  bool training_finite = true;    ///< whether the training perplexity of the last step made was a finite number
  Index without_improvement = 0;  ///< scheduled validations since the best one
  double plateau_factor = 1;      ///< product of the halvings so far, for ScheduleKind::plateau
  Index skipped_steps = 0;        ///< steps in a row that were skipped because something was not finite
  double saving_seconds = 0;      ///< the part of `seconds` that went into checkpoints
};

}  // namespace moelm
