// Validation and test text from the ends of the training files, where none is given.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "data/input_text.hpp"

namespace moelm {

/// The share of each input that a missing split gets, and the maximum number of tokens of such a split.
inline constexpr double kHeldBackShare = 0.05;
inline constexpr Index kMaxHeldBack = 250'000;

/// Counts the tokens of raw text, `</s>` included. Appends to `ends` the number of tokens up to and including each line
/// end. Thread-safe.
using TokenCount = std::function<Index(std::string_view text, std::vector<Index>& ends)>;

/// Cuts every input into train, valid (if wanted) and test (if wanted) at line ends. A line that is longer than a held
/// back part is cut between words. An input that was cut before gives no text before that first cut. The parts of a
/// split hold at most kMaxHeldBack tokens. A text that is too short stays whole.
void hold_back_ends(std::vector<InputText>& inputs, bool valid, bool test, const TokenCount& count,
                    BlockPipeline& pipeline);

}  // namespace moelm
