// moe-export as a user runs it, on a tiny run. That others read the files is for tests/examples.
#include <filesystem>

#include "io/safetensors.hpp"
#include "moe_eval_case.hpp"
#include "tokenizer/equal_tokens.hpp"
#include "tokenizer/hugging_face_reader.hpp"

using namespace moelm;

namespace {

struct Case : EvalCase {
  std::string out() const { return directory / "out"; }
  ProgramResult export_run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), MOELM_BIN_DIR "/moe-export");
    return run_program(arguments);
  }
};

std::vector<std::string> names_in(const std::string& folder) { return list_directory(folder); }

}  // namespace

TEST_CASE("the weights, the configuration and the tokenizer of a run are in its export") {
  const Case c;
  const ProgramResult result = c.export_run({c.run(), c.out()});
  INFO(result.err);
  REQUIRE(result.code == 0);
  CHECK(holds(result.out, "model.safetensors"));
  CHECK(names_in(c.out()) == std::vector<std::string>{"config.json", "model.safetensors", "tokenizer.json"});
  LoadedModel model = load_model(c.run());
  const SafetensorsFile file = SafetensorsFile::open(c.out() + "/model.safetensors");
  const std::vector<NamedTensor> tensors = named_tensors(model.parameters);
  CHECK(file.tensors().size() == tensors.size());
  for (const NamedTensor& tensor : tensors) {
    const StoredTensor* stored = file.find(tensor.name);
    REQUIRE(stored != nullptr);
    REQUIRE(stored->shape == tensor.shape());
    std::vector<float> values(static_cast<std::size_t>(stored->elements()));
    file.read(*stored, values.data());
    CHECK(std::equal(values.begin(), values.end(), tensor.values->data()));
  }
  const Json config = read_json(c.out() + "/config.json");
  CHECK(config["format"] == "moelm-export");
  CHECK(config["vocab_size"] == c.tokenizer->vocabulary_size());
  CHECK(config["num_local_experts"] == 4);
  CHECK(config["num_experts_per_tok"] == 2);
  CHECK(config["eos_token_id"] == c.tokenizer->end_id());
  CHECK(config["state"] == "carry");
  CHECK(config["source"]["step"] == 12);
  CHECK(config["model"]["layers"].size() == 5);
  const std::string tokenizer = get_file(c.out() + "/tokenizer.json");
  CHECK(equal_tokens(*parse_hugging_face(tokenizer, "t").tokenizer, *c.tokenizer));
}

TEST_CASE("--json is one object") {
  const Case c;
  const ProgramResult result = c.export_run({c.run(), c.out(), "--json"});
  REQUIRE(result.code == 0);
  const Json json = parse_json(result.out, "output");
  CHECK(json["step"] == 12);
  REQUIRE(json["files"].size() == 3);
  for (const Json& file : json["files"])
    CHECK(file["bytes"] == std::filesystem::file_size(c.out() + "/" + file["name"].get<std::string>()));
}

TEST_CASE("a checkpoint is exported, and the same run gives the same bytes") {
  const Case c;
  REQUIRE(c.export_run({c.run(), c.out()}).code == 0);
  REQUIRE(c.export_run({c.run() + "/checkpoints/step-000000000012", c.directory / "again"}).code == 0);
  for (const std::string& name : names_in(c.out()))
    CHECK(get_file(c.out() + "/" + name) == get_file((c.directory / "again/") + name));
}

TEST_CASE("nothing is overwritten, and what a killed process left is cleared") {
  const Case c;
  REQUIRE(c.export_run({c.run(), c.out()}).code == 0);
  const std::string before = get_file(c.out() + "/config.json");
  const ProgramResult again = c.export_run({c.run(), c.out()});
  CHECK(again.code == 73);
  CHECK(holds(again.err, "nothing is overwritten"));
  CHECK(get_file(c.out() + "/config.json") == before);
  const std::string other = c.directory / "other";
  std::filesystem::create_directory(other + ".partial");
  put_file(other + ".partial/thesis.tex", "mine");
  CHECK(c.export_run({c.run(), other}).code == 73);
  CHECK(get_file(other + ".partial/thesis.tex") == "mine");
  std::filesystem::remove(other + ".partial/thesis.tex");
  for (const char* name : {".moelm-partial", "model.safetensors", ".tmp-config.json-17-0"})
    put_file(other + ".partial/" + name, "left by a process that was killed");
  CHECK(c.export_run({c.run(), other}).code == 0);
  CHECK(names_in(other).size() == 3);
  CHECK_FALSE(std::filesystem::exists(other + ".partial"));
  std::filesystem::create_directory(c.directory / "empty");
  CHECK(c.export_run({c.run(), c.directory / "empty"}).code == 0);
  CHECK(names_in(c.directory / "empty").size() == 3);
}

TEST_CASE("what cannot be exported ends with its exit code and one line") {
  const Case c;
  const auto refusal = [&](int code, const std::vector<std::string>& arguments) {
    const ProgramResult result = c.export_run(arguments);
    CHECK(result.code == code);
    CHECK(result.out.empty());
    CHECK_FALSE(std::filesystem::exists(c.out()));
    CHECK_FALSE(std::filesystem::exists(c.out() + ".partial"));
    return result.err;
  };
  CHECK(holds(refusal(66, {c.directory / "none", c.out()}), "expected a run"));
  CHECK(holds(refusal(66, {c.data(), c.out()}), "found a data folder"));
  refusal(2, {c.run()});
  refusal(2, {c.run(), c.out(), "more"});
  refusal(2, {});
  put_file(c.run() + "/vocab.txt", "the\t1\n");
  CHECK(holds(refusal(65, {c.run(), c.out()}), "vocab.txt"));
}
