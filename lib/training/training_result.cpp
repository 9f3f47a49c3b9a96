// The part of training_run.hpp that reports the result: run/result.json.
#include <cmath>
#include <exception>

#include "base/error.hpp"
#include "base/quantity.hpp"
#include "base/version.hpp"
#include "checkpoint/checkpoint_names.hpp"
#include "io/file.hpp"
#include "io/file_names.hpp"
#include "model/size.hpp"
#include "training/progress_json.hpp"
#include "training/training_run.hpp"

namespace moelm {

void TrainingRun::write_result() {
  claim_.lock().require_held();
  write_file_atomic(join_path(start_.run, kResultFile), json_text(result(), 2) + "\n", claim_.files());
}

void TrainingRun::complete_result() {
  const std::string path = join_path(start_.run, kResultFile);
  bool complete = false;
  try {
    complete = read_json(path).at("last_step") == trainer_.progress().step;
  } catch (const std::exception&) {
    // Missing or damaged: it is written again.
  }
  if (!complete) write_result();
  require_finite_end();
}

void TrainingRun::require_finite_end() const {
  try {
    trainer_.require_finite_end();
  } catch (const Error& error) {
    // A validation tells more about the weights than a step. If it was not finite, only a finite one counts as sound.
    const TrainProgress& p = trainer_.progress();
    const Index sound = p.skipped_steps > 0 && p.validation_finite ? trainer_.sound_step() : p.kept_step;
    throw Error(error.exit(), error.what() + advice(sound));
  }
}

std::string TrainingRun::advice(Index sound_step) const {
  const std::string anew = "moe-train --data " + stored_.data.directory + " --config " +
                           join_path(start_.run, kConfigFile) +
                           " --out NEW --set train.lr=" + format_number(stored_.config.train.lr / 10);
  const std::string checkpoints = join_path(start_.run, kCheckpointsDirectory);
  for (const CheckpointName& name : checkpoint_names(checkpoints, *start_.files)) {
    if (name.step > sound_step || name.step == 0) continue;
    const std::string path = join_path(checkpoints, name.text());
    return "; " + path + " is the last checkpoint whose weights are known to give finite numbers; continue from " +
           "them with a lower rate in a new run: " + anew + " --init " + path;
  }
  return "; no checkpoint is known to be sound, so there is none for --init; start a new run with a lower rate: " +
         anew;
}

Json TrainingRun::result() {
  const TrainProgress& p = trainer_.progress();
  const ModelSize size = model_size(stored_.config.model, stored_.data.vocabulary);
  const Reading reading{static_cast<double>(p.tokens), data_.tokens(Split::train), stored_.data.vocabulary};
  Json result = {{"best_step", p.kept_step},
                 {"last_step", p.step},
                 {"tokens", p.tokens},
                 {"seconds", p.seconds},
                 {"saving_seconds", p.saving_seconds},
                 {"parameters", size.parameters},
                 {"ops_per_timestep", size.ops_per_timestep},
                 {"exposure", exposure_json(exposure(stored_.config.model, reading))},
                 {"checkpoint", last_checkpoint_},
                 {"version", version()},
                 {"seed", stored_.config.train.seed},
                 {"threads", context_.threads()},
                 {"dtype", enum_name(stored_.config.train.dtype)}};
  if (p.kept_step > 0) {
    result["valid_nll"] = p.kept_nll;
    result["valid_perplexity"] = std::exp(p.kept_nll);
    if (!store_->best().empty())
      result["best_checkpoint"] = join_path(join_path(start_.run, kCheckpointsDirectory), store_->best());
  }
  return result;
}

}  // namespace moelm
