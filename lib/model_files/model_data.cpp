#include "model_files/model_data.hpp"

#include "base/error.hpp"
#include "base/quantity.hpp"
#include "io/file.hpp"
#include "tokenizer/bpe_tokenizer.hpp"
#include "tokenizer/tokenizer_file.hpp"

namespace moelm {

namespace {

std::string describe(const Tokenizer& tokenizer) {
  return std::string(enum_name(tokenizer.kind())) + (tokenizer.lowercase() ? " in lower case, " : ", ") +
         format_counted(tokenizer.vocabulary_size(), "token");
}

/// Whether every id stands for the same token in both, and every text has the same tokens.
bool same_tokens(const Tokenizer& a, const Tokenizer& b) {
  if (a.kind() != b.kind() || a.lowercase() != b.lowercase() || a.vocabulary_size() != b.vocabulary_size())
    return false;
  if (a.kind() == TokenizerKind::bpe) return bpe_merges(a) == bpe_merges(b);
  for (std::int32_t id = 0; id < a.vocabulary_size(); ++id)
    if (a.token_text(id) != b.token_text(id)) return false;
  return true;
}

}  // namespace

void require_same_tokens(const Tokenizer& model, const std::string& run, const Dataset& data) {
  if (same_tokens(data.tokenizer(), model)) return;
  throw Error(Exit::bad_config, join_path(data.directory(), kTokenizerFile) + ": expected the tokenizer of " + run +
                                    " (" + describe(model) + "), found another (" + describe(data.tokenizer()) +
                                    "); make it with moe-tokenize --vocab " + run);
}

Dataset open_model_data(const LoadedModel& model, const std::string& run, const std::optional<std::string>& directory) {
  if (!directory) {
    const std::string own = data_directory(run_of_path(run), model.run.data);
    if (!path_exists(own))
      throw Error(Exit::missing_input, own + ": the data that " + run + " was trained on (data.directory in its " +
                                           "config.json) are not there; give --data DIR or a text");
    Dataset data = Dataset::open(own);
    require_same_data(run, model.run, data);
    return data;
  }
  Dataset data = Dataset::open(*directory);
  require_same_tokens(*model.tokenizer, run, data);
  return data;
}

}  // namespace moelm
