// Scores a text with whatever a user names: a run, the n-gram of a data folder, or the rows of a file.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/data_type.hpp"
#include "comparison/token_scores.hpp"
#include "config/train_config.hpp"
#include "data/data_index.hpp"

namespace moelm {

/// The text to score: files, or a split of a data folder if there are none.
struct TextChoice {
  std::vector<std::string> files;  ///< regular files: every model reads them anew
  Split split = Split::test;
  std::optional<std::string> data;  ///< a data folder with the ids of the model; default: the model's own
};

struct InputScoring {
  std::optional<StateKind> state;  ///< of a run; default: as it was trained
  DataType dtype = DataType::f32;
  int threads = 1;
  std::function<void(const std::string&)> warn;  ///< receives what users should know of a model or a text; may be empty
};

/// What a path names: the kinds of models that can be scored.
enum class InputKind { run, ngram, rows };

/// Error(missing_input) if the path is none of them.
InputKind input_kind(const std::string& path);

/// Scores each of the texts with a run or an n-gram of order 5, which is loaded or counted once. Exact: one stream.
/// Errors are those of the readers; Error(bad_config) if data and model do not have the same ids.
std::vector<TokenScores> score_input(const std::string& path, const std::vector<TextChoice>& texts,
                                     const InputScoring& how);

}  // namespace moelm
