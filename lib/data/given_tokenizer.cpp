#include "data/given_tokenizer.hpp"

#include "data/data_index.hpp"
#include "data/dataset_files.hpp"
#include "io/file.hpp"
#include "io/json.hpp"
#include "io/sealed_json.hpp"

namespace moelm {

namespace {

constexpr std::string_view kRunFile = "config.json";

}  // namespace

bool names_tokenizer(const std::string& path) {
  return is_directory(path) || path == kTokenizerFile || path.ends_with("/" + std::string(kTokenizerFile));
}

StoredTokenizer read_given_tokenizer(const std::string& path) {
  const std::string folder = is_directory(path) ? path : parent_path(path);
  if (path_exists(join_path(folder, kIndexFile))) return read_data_tokenizer(folder, read_data_index(folder).index);
  const std::string run = join_path(folder, kRunFile);
  if (!path_exists(run)) return read_tokenizer(path);
  const std::string text = read_file(run, JsonLimits{}.bytes, Links::refuse);
  if (text.find("\"moelm-run\"") == std::string::npos) return read_tokenizer(path);  // not the config.json of a run
  const Json config = parse_sealed_json(text, run);
  const std::string& known = JsonField(config, run).at("data").at("tokenizer_sha256").text();
  return read_known_tokenizer(path, known, std::string(kRunFile));
}

}  // namespace moelm
