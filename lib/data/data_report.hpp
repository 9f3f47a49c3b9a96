// The report of moe-tokenize: as text, as JSON, and notes for the user.
#pragma once

#include <string>
#include <vector>

#include "data/tokenize_corpus.hpp"

namespace moelm {

/// A table of the splits, then a line on vocabulary and speed. Ends in a newline. Names are escaped.
std::string data_report_text(const std::string& folder, const TokenizeResult& result);

/// One JSON object on one line.
std::string data_report_json(const std::string& folder, const TokenizeResult& result);

/// Notes for the user, each with its remedy: splits that were held back, text that was changed, an `<unk>` without
/// training examples.
std::vector<std::string> data_notes(const TokenizeResult& result);

}  // namespace moelm
