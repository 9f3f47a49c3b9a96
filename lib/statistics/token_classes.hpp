// Classes of tokens, the columns that experts are compared over when the text brings no classes of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/index.hpp"

namespace moelm {

/// What classes need to know of a vocabulary.
struct VocabularyFacts {
  Index size = 0;
  std::int32_t end_id = -1;
  std::int32_t unknown_id = -1;                   ///< -1: the vocabulary has none
  std::function<std::string(std::int32_t)> text;  ///< any bytes
  std::function<Index(std::int32_t)> count;       ///< occurrences in training
};

/// Every token's class: `</s>`, `<unk>`, number, punctuation, capitalised, else the decile of its training count. A
/// decile holds a tenth of the running text of the remaining words, the most frequent words first, so all ten can
/// matter.
struct TokenClasses {
  std::vector<std::string> names;
  std::vector<std::int32_t> of_token;  ///< [vocabulary]
};

TokenClasses classify_tokens(const VocabularyFacts& vocabulary);

/// Labels by name, numbered in the order of their first appearance; for classes by file or by line.
class LabelSet {
 public:
  /// The number of a label. Throws Error(bad_data) once there are more than `kMost`, naming `source`: such a file holds
  /// text, not labels.
  std::int32_t number(const std::string& label, const std::string& source);
  const std::vector<std::string>& names() const { return names_; }

  static constexpr Index kMost = 1000;

 private:
  std::vector<std::string> names_;
  std::unordered_map<std::string, std::int32_t> numbers_;
};

}  // namespace moelm
