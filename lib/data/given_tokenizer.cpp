#include "data/given_tokenizer.hpp"

#include "data/data_index.hpp"
#include "data/dataset_files.hpp"
#include "io/file.hpp"
#include "io/file_names.hpp"
#include "io/json.hpp"
#include "io/sealed_json.hpp"
#include "tokenizer/hugging_face_reader.hpp"

namespace moelm {

namespace {

/// The tokenizer of moelm that is in a folder.
StoredTokenizer read_own(const std::string& path) {
  const std::string folder = is_directory(path) ? path : parent_path(path);
  if (path_exists(join_path(folder, kIndexFile))) return read_data_tokenizer(folder, read_data_index(folder).index);
  const std::string run = join_path(folder, kConfigFile);
  if (!path_exists(run)) return read_tokenizer(path);
  const std::string text = read_file(run, JsonLimits{}.bytes, Links::refuse);
  if (text.find("\"moelm-run\"") == std::string::npos) return read_tokenizer(path);  // not the config.json of a run
  const Json config = parse_sealed_json(text, run);
  const std::string& known = JsonField(config, run).at("data").at("tokenizer_sha256").text();
  return read_known_tokenizer(path, known, kConfigFile);
}

}  // namespace

bool names_tokenizer(const std::string& path) { return is_directory(path) || path.ends_with(".json"); }

GivenTokenizer read_given_tokenizer(const std::string& path) {
  const std::string file = is_directory(path) ? join_path(path, kTokenizerFile) : path;
  if (path_exists(file)) {
    const std::string text = read_file(file, JsonLimits{}.bytes);
    if (is_hugging_face(text)) {
      ForeignTokenizer foreign = parse_hugging_face(text, file);
      return {std::move(foreign.tokenizer), std::nullopt, std::move(foreign.notes)};
    }
  }
  StoredTokenizer own = read_own(path);
  return {std::move(own.tokenizer), std::move(own.files), {}};
}

}  // namespace moelm
