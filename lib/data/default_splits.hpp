// Validation and test text from the ends of the training files, where none is given.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "data/input_text.hpp"

namespace moelm {

/// Of each input, for each split that is not given; and the most tokens that a split may have.
inline constexpr double kHeldBackShare = 0.05;
inline constexpr Index kMostHeldBack = 250'000;

/// Appends to `ends`, for every line end of a stretch of raw text, the number of tokens up to and with it, and returns
/// the number of all, `</s>` included. Thread-safe.
using TokenCount = std::function<Index(std::string_view text, std::vector<Index>& ends)>;

/// Cuts every input into train, valid (if wanted) and test (if wanted), at line ends; lines that are longer than a held
/// back part are cut between words. Inputs that are cut already give no more than they gave. The parts hold at most
/// kMostHeldBack tokens a split; texts too short to give anything stay whole.
void hold_back_ends(std::vector<InputText>& inputs, bool valid, bool test, const TokenCount& count,
                    BlockPipeline& pipeline);

}  // namespace moelm
