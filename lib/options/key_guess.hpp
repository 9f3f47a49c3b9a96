// The key that somebody meant: by what its name means elsewhere, then by its spelling.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace moelm {

/// The known key that a word stands for, or an empty string. A key's last part stands for it ("lr" for train.lr,
/// "experts" for moe.experts); so do names that other programs have ("learning_rate", "batch-size", "num_experts").
/// Case, hyphens and what stands before a word's last dot do not count.
std::string key_meant(std::string_view word, const std::vector<std::string>& known);

/// The same; where the word means nothing, the key that is spelled most alike.
std::string key_guess(std::string_view word, const std::vector<std::string>& known);

}  // namespace moelm
