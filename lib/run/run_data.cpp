#include "run/run_data.hpp"

#include <filesystem>
#include <limits>
#include <system_error>

#include "base/error.hpp"
#include "base/quantity.hpp"
#include "io/absolute_path.hpp"
#include "io/file.hpp"
#include "tokenizer/equal_tokens.hpp"
#include "tokenizer/tokenizer_file.hpp"

namespace moelm {

namespace {

bool has_index(const std::string& directory) { return path_exists(join_path(directory, kIndexFile)); }

void require_equal_tokens(const std::string& run, const StoredRun& stored, const Dataset& data) {
  if (data.tokenizer_files().sha256() == stored.data.tokenizer_sha256) return;
  const auto expected = read_run_tokenizer(run_of_path(run), stored);
  if (equal_tokens(data.tokenizer(), *expected)) return;
  throw Error(Exit::bad_config, join_path(data.directory(), kTokenizerFile) + ": expected the tokenizer of " + run +
                                    " (" + describe_tokenizer(*expected) + "), found another (" +
                                    describe_tokenizer(data.tokenizer()) + "); make it with moe-tokenize --vocab " +
                                    run);
}

}  // namespace

void require_run_data(const std::string& run, const StoredRun& stored, const Dataset& data, DataMatch match) {
  if (match == DataMatch::same_tokens) return require_equal_tokens(run, stored, data);
  if (stored.data.sha256 == data.checksum()) return;
  throw Error(Exit::bad_config, join_path(run_of_path(run), kConfigFile) + ": data.index_sha256: expected " +
                                    stored.data.sha256 + ", found " + data.checksum() + " in " + data.directory() +
                                    "; a run continues on the data it was begun with");
}

void require_ordered_ids(const ModelConfig& model, const Tokenizer& tokenizer) {
  const auto* softmax = std::get_if<SoftmaxConfig>(&model.layers.back());
  if (softmax == nullptr || softmax->cutoffs.empty() || !tokenizer.keeps_bytes()) return;
  throw Error(Exit::bad_config,
              layer_key(model.layers.size() - 1, "cutoffs") + ": expected none with the tokenizer " +
                  std::string(enum_name(tokenizer.kind())) + ", whose ids are not ordered by frequency, found " +
                  format_counted(softmax->cutoffs.size(), "cutoff") + "; use data of the tokenizer text or word");
}

Index ordered_vocabulary(const Tokenizer& tokenizer) {
  const auto size = static_cast<std::int32_t>(tokenizer.vocabulary_size());
  Index before = std::numeric_limits<Index>::max();
  for (std::int32_t id = 0; id < size; ++id) {
    if (id == tokenizer.line_end_id() || id == tokenizer.unknown_id()) continue;
    if (tokenizer.count(id) > before) return 0;
    before = tokenizer.count(id);
  }
  const bool counted = before < std::numeric_limits<Index>::max() && tokenizer.count(size / 2) > 0;
  return counted && !tokenizer.keeps_bytes() ? size : 0;
}

Dataset open_run_data(const std::string& run, const StoredRun& stored, const std::optional<std::string>& directory,
                      DataMatch match) {
  const std::string path = directory.value_or(data_directory(run_of_path(run), stored.data));
  if (!directory && !path_exists(path))
    throw Error(Exit::missing_input, path + ": expected the data of " + run +
                                         " (data.directory in its config.json), found nothing; give --data DIR");
  Dataset data = Dataset::open(path);
  require_run_data(run, stored, data, directory ? match : DataMatch::same_data);
  return data;
}

std::string data_directory(const std::string& run, const RunData& data) {
  const std::string beside = join_path(run, data.beside);
  return !data.beside.empty() && !has_index(data.directory) && has_index(beside) ? absolute_path(beside)
                                                                                 : data.directory;
}

void set_data_directory(const std::string& run, const std::string& directory, RunData& data) {
  data.directory = absolute_path(directory);
  std::error_code error;
  const std::filesystem::path beside = std::filesystem::relative(data.directory, absolute_path(run), error);
  data.beside = error ? "" : beside.string();
}

}  // namespace moelm
