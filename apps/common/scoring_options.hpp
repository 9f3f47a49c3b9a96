// Options that several programs that score a text share, each spelled once.
#pragma once

#include <optional>
#include <string>

#include "base/data_type.hpp"
#include "common/command.hpp"
#include "config/train_config.hpp"
#include "data/data_index.hpp"
#include "evaluation/score_number.hpp"

namespace moelm {

/// --split NAME
inline void declare_split(Command& command, std::optional<Split>& split) {
  command.choice("--split", split, "split of the data folder to score or read; default: test");
}

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
               "a row per token: line, position, token, log probability (base 10); the summary goes to stderr");
}

/// --per-sentence and --per-token, of which one may be given.
inline void declare_rows(Command& command, bool& per_sentence, bool& per_token) {
  command.flag(
      "--per-sentence", per_sentence,
      "a row per line: log probability (base 10), tokens, unknown words, tab-separated; the summary goes to stderr");
  declare_token_rows(command, per_token);
  command.exclude("--per-sentence", "--per-token");
}

/// --log-base B: the base of the logarithms in rows.
inline void declare_log_base(Command& command, std::optional<std::string>& base) {
  command.option("--log-base", "B", base,
                 "base of the logarithms in rows, e or a number; default: 10, which moe-compare and moe-mix need");
}

/// The base asked for. Error(usage) without rows.
inline LogBase chosen_log_base(const std::optional<std::string>& base, bool rows) {
  if (base && !rows)
    throw Error(Exit::usage,
                "--log-base: expected rows, which --per-sentence or --per-token print; the summary is in "
                "nats and bits");
  return base ? parse_log_base(*base) : LogBase();
}

/// --json of programs that print rows.
inline void declare_json_rows(Command& command) {
  command.json_flag("the summary as one JSON object on stdout; rows as objects, one per line, before it");
}

}  // namespace moelm
