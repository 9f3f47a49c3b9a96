// Options that several programs that score a text share, each spelled once.
#pragma once

#include <optional>
#include <string>

#include "base/data_type.hpp"
#include "common/command.hpp"
#include "config/train_config.hpp"

namespace moelm {

/// --dtype NAME
inline void declare_dtype(Command& command, std::optional<DataType>& dtype) {
  command.choice("--dtype", dtype, "arithmetic of matrix products; default: f32");
}

/// --state NAME; `more` says where the default is another.
inline void declare_state(Command& command, std::optional<StateKind>& state, const std::string& more = "") {
  command.choice(
      "--state", state,
      "carry: one state through the whole text; reset: every line from the zero state; default: as trained" + more);
}

/// --per-token: rows of score_rows.hpp.
inline void declare_token_rows(Command& command, bool& per_token) {
  command.flag("--per-token", per_token,
               "a row per token: line, position, token, log10 probability; the summary goes to stderr");
}

/// --per-sentence and --per-token, of which one may be given.
inline void declare_rows(Command& command, bool& per_sentence, bool& per_token) {
  command.flag("--per-sentence", per_sentence,
               "a row per line: log10 probability, tokens, unknown words, tab-separated; the summary goes to stderr");
  declare_token_rows(command, per_token);
  command.exclude("--per-sentence", "--per-token");
}

/// --json of programs that print rows.
inline void declare_json_rows(Command& command) {
  command.json_flag("the summary as one JSON object on stdout; rows as objects, one per line, before it");
}

}  // namespace moelm
