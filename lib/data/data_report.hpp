// What moe-tokenize made, as a table, as JSON, and what a user should know about it.
#pragma once

#include <string>
#include <vector>

#include "data/tokenize_corpus.hpp"

namespace moelm {

/// A table of the splits and a line on vocabulary and speed; ends in a newline. Names are escaped.
std::string data_report_text(const std::string& folder, const TokenizeResult& result);

/// One JSON object in a line.
std::string data_report_json(const std::string& folder, const TokenizeResult& result);

/// Things to know: splits that were held back, text that was put right, an `<unk>` that was never seen, each with its
/// remedy.
std::vector<std::string> data_notes(const TokenizeResult& result);

}  // namespace moelm
