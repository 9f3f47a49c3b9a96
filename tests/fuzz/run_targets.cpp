// Readers of what a run is: its configuration and the state of its training.
#include "fuzz/scratch.hpp"
#include "fuzz/targets.hpp"
#include "model/size.hpp"
#include "options/config_json.hpp"
#include "run/run_folder.hpp"
#include "support/reseal.hpp"
#include "training/progress_json.hpp"

namespace moelm {

std::string fuzz_config(std::string_view bytes) {
  return refusal_of([&] {
    ConfigDraft draft;
    apply_document(parse_json(bytes, "config", {.bytes = 1 << 20, .depth = 16}), "config", draft);
    validate(draft.config);
    model_size(draft.config.model, 50'000);
    const Json written = config_json(draft.config);
    ConfigDraft back;
    apply_document(parse_json(json_text(written), "config"), "config", back);
    promise(json_text(config_json(back.config)) == json_text(written), "a configuration is written as it is read");
  });
}

std::string fuzz_run(std::string_view bytes) {
  const auto read = [](std::string_view text) {
    put_scratch(text, "config.json");
    StoredRun stored = read_run(scratch_folder());
    stored.checksum.clear();  // so that it is written
    write_run_config(scratch_folder(), stored);
    const StoredRun back = read_run(scratch_folder());
    promise(back.identity == stored.identity && back.data.tokenizer_sha256 == stored.data.tokenizer_sha256,
            "a run is written as it is read");
    promise(json_text(config_json(back.config)) == json_text(config_json(stored.config)),
            "the configuration of a run is written as it is read");
  };
  refusal_of([&] { read(bytes); });
  const std::string sealed = resealed_json(bytes);
  return refusal_of([&] { read(sealed); });
}

std::string fuzz_state(std::string_view bytes) {
  return refusal_of([&] {
    const Json state = parse_json(bytes, "state.json");
    const TrainProgress progress = read_progress(JsonField(state, "state.json"));
    const Json written = progress_json(progress);
    const TrainProgress back = read_progress(JsonField(written, "state.json"));
    promise(json_text(progress_json(back)) == json_text(written), "a state is written as it is read");
  });
}

}  // namespace moelm
