// moe-export as a user runs it, on a tiny run. That others read the files is for tests/examples.
#include <filesystem>
#include <set>

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

/// A message of Protocol Buffers: its fields with their bytes or numbers, in order.
struct Field {
  int number = 0;
  std::uint64_t value = 0;
  std::string bytes;
};

std::uint64_t take_varint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    REQUIRE_FALSE(bytes.empty());
    const auto byte = static_cast<unsigned char>(bytes[0]);
    bytes.remove_prefix(1);
    value |= std::uint64_t{byte & 0x7Fu} << shift;
    if (byte < 0x80) return value;
  }
}

std::vector<Field> fields_of(std::string_view message) {
  std::vector<Field> fields;
  while (!message.empty()) {
    const std::uint64_t key = take_varint(message);
    Field field{static_cast<int>(key >> 3), take_varint(message), ""};
    REQUIRE((key & 7) % 2 == 0);  // numbers and bytes: our graphs have no others
    if ((key & 7) == 2) {
      REQUIRE(field.value <= message.size());
      field.bytes = message.substr(0, field.value);
      message.remove_prefix(field.value);
    }
    fields.push_back(std::move(field));
  }
  return fields;
}

std::vector<std::string> all_of(const std::vector<Field>& fields, int number) {
  std::vector<std::string> found;
  for (const Field& field : fields)
    if (field.number == number) found.push_back(field.bytes);
  return found;
}

std::vector<std::string> names_in(const std::string& folder) { return list_directory(folder); }

}  // namespace

TEST_CASE("the weights, the configuration and the tokenizer of a run are in its export") {
  const Case c;
  const ProgramResult result = c.export_run({c.run(), c.out()});
  INFO(result.err);
  REQUIRE(result.code == 0);
  CHECK(holds(result.out, "model.safetensors"));
  CHECK(names_in(c.out()) ==
        std::vector<std::string>{"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"});
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
  const Json for_transformers = read_json(c.out() + "/tokenizer_config.json");
  CHECK(for_transformers["eos_token"] == "</s>");
  CHECK(for_transformers["unk_token"] == "<unk>");
}

TEST_CASE("--json is one object") {
  const Case c;
  const ProgramResult result = c.export_run({c.run(), c.out(), "--json"});
  REQUIRE(result.code == 0);
  const Json json = parse_json(result.out, "output");
  CHECK(json["step"] == 12);
  REQUIRE(json["files"].size() == 4);
  for (const Json& file : json["files"])
    CHECK(file["bytes"] == std::filesystem::file_size(c.out() + "/" + file["name"].get<std::string>()));
}

TEST_CASE(
    "--onnx writes a graph in which every value is made once, before it is used, and weights lie in the other file") {
  const Case c;
  REQUIRE(c.export_run({c.run(), c.out(), "--onnx", "--quiet"}).code == 0);
  CHECK(names_in(c.out()).size() == 5);
  const std::vector<Field> model = fields_of(get_file(c.out() + "/model.onnx"));
  REQUIRE(all_of(model, 8).size() == 1);
  CHECK(fields_of(all_of(model, 8)[0])[0].value == 17);
  const std::vector<Field> graph = fields_of(all_of(model, 7).at(0));
  const SafetensorsFile file = SafetensorsFile::open(c.out() + "/model.safetensors");
  const auto data_begin = static_cast<Index>(std::filesystem::file_size(c.out() + "/model.safetensors")) -
                          (file.tensors().back().begin + file.tensors().back().bytes);
  std::set<std::string> known{""};
  std::size_t stored = 0;
  for (const std::string& tensor : all_of(graph, 5)) {
    const std::vector<Field> fields = fields_of(tensor);
    const std::string name = all_of(fields, 8).at(0);
    CHECK(known.insert(name).second);
    const StoredTensor* in_file = file.find(name);
    if (in_file == nullptr) continue;
    ++stored;
    const std::vector<std::string> entries = all_of(fields, 13);
    REQUIRE(entries.size() == 3);
    CHECK(all_of(fields_of(entries[0]), 2)[0] == "model.safetensors");
    CHECK(all_of(fields_of(entries[1]), 2)[0] == std::to_string(data_begin + in_file->begin));
    CHECK(all_of(fields_of(entries[2]), 2)[0] == std::to_string(in_file->bytes));
  }
  CHECK(stored + 1 == file.tensors().size());  // all but the weights of the noise
  for (const std::string& input : all_of(graph, 11)) known.insert(all_of(fields_of(input), 1)[0]);
  for (const std::string& node : all_of(graph, 1)) {
    for (const std::string& input : all_of(fields_of(node), 1)) CHECK(known.contains(input));
    for (const std::string& output : all_of(fields_of(node), 2)) CHECK(known.insert(output).second);
  }
  for (const std::string& output : all_of(graph, 12)) CHECK(known.contains(all_of(fields_of(output), 1)[0]));
  CHECK(all_of(graph, 12).size() == 5);
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
  CHECK(names_in(other).size() == 4);
  CHECK_FALSE(std::filesystem::exists(other + ".partial"));
  std::filesystem::create_directory(c.directory / "empty");
  CHECK(c.export_run({c.run(), c.directory / "empty"}).code == 0);
  CHECK(names_in(c.directory / "empty").size() == 4);
}

TEST_CASE("moe-check knows an exported model, which is not a run") {
  const Case c;
  REQUIRE(c.export_run({c.run(), c.out()}).code == 0);
  const ProgramResult eval = run_program({MOELM_BIN_DIR "/moe-eval", c.out()});
  CHECK(eval.code == 66);
  CHECK(holds(eval.err, "expected a run, found an exported model; moelm reads the run that it was exported from"));
  const auto check = [&] { return run_program({MOELM_BIN_DIR "/moe-check", c.out()}); };
  CHECK(check().code == 0);
  CHECK(holds(check().out, "exported model: intact"));
  put_file(c.out() + "/tokenizer.json", "{}");
  CHECK(check().code == 65);
  CHECK(holds(check().out, "tokenizer.json: model"));
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
  CHECK(holds(refusal(2, {c.run(), ""}), "expected names, found an empty one"));
  CHECK_FALSE(std::filesystem::exists(".partial"));
  CHECK(holds(refusal(2, {c.run(), "--out", c.out()}), "the folder after the run: moe-export run/ OUT"));
  refusal(2, {c.run(), c.out(), "more"});
  refusal(2, {});
  put_file(c.run() + "/vocab.txt", "the\t1\n");
  CHECK(holds(refusal(65, {c.run(), c.out()}), "vocab.txt"));
}
