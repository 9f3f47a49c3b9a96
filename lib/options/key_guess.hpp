// Guesses the key that a user meant, by names in other programs, then by spelling.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace moelm {

/// The known key that a word means, or "". A word means a key if it is the last part of the key ("lr" for train.lr,
/// "experts" for moe.experts) or its name in other programs ("learning_rate", "batch-size", "num_experts"). Case,
/// hyphens and the text before the last dot of the word do not count.
std::string key_meant(std::string_view word, const std::vector<std::string>& known);

/// The same, but for an unknown word the key with the most similar spelling.
std::string key_guess(std::string_view word, const std::vector<std::string>& known);

}  // namespace moelm
