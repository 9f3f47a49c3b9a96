// The part of train/training_run.hpp that says what came out: run/result.json.
#include <cmath>
#include <exception>

#include "base/version.hpp"
#include "io/file.hpp"
#include "model/size.hpp"
#include "run/checkpoint_names.hpp"
#include "train/training_run.hpp"

namespace moelm {

void TrainingRun::write_result() {
  claim_.lock().require_held();
  write_file_atomic(join_path(start_.run, "result.json"), json_text(result(), 2) + "\n", claim_.files());
}

void TrainingRun::complete_result() {
  const std::string path = join_path(start_.run, "result.json");
  try {
    if (read_json(path).at("last_step") == trainer_.progress().step) return;
  } catch (const std::exception&) {
    // Missing or not what this program writes: it is written anew.
  }
  write_result();
}

Json TrainingRun::result() {
  const TrainProgress& p = trainer_.progress();
  const ModelSize size = model_size(stored_.config.model, stored_.data.vocabulary);
  Json result = {{"best_step", p.kept_step},
                 {"last_step", p.step},
                 {"tokens", p.tokens},
                 {"seconds", p.seconds},
                 {"saving_seconds", p.saving_seconds},
                 {"parameters", size.parameters},
                 {"ops_per_timestep", size.ops_per_timestep},
                 {"checkpoint", last_checkpoint_},
                 {"version", version()},
                 {"seed", stored_.config.train.seed},
                 {"threads", context_.threads()},
                 {"dtype", stored_.config.train.dtype}};
  if (p.kept_step > 0) {
    result["valid_nll"] = p.kept_nll;
    result["valid_perplexity"] = std::exp(p.kept_nll);
    if (!store_->best().empty())
      result["best_checkpoint"] = join_path(join_path(start_.run, kCheckpointsDirectory), store_->best());
  }
  return result;
}

}  // namespace moelm
