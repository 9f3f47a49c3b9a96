// Token classes: what experts are compared by where the text has no classes of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/index.hpp"

namespace moelm {

/// What the classes of a vocabulary depend on.
struct VocabularyFacts {
  Index size = 0;
  std::int32_t end_id = -1;
  std::int32_t unknown_id = -1;                   ///< -1: the vocabulary has none
  std::function<std::string(std::int32_t)> text;  ///< any bytes
  std::function<Index(std::int32_t)> count;       ///< occurrences in training
};

/// The class of every token: `</s>`, `<unk>`, number, punctuation, capitalised, else the decile of its training count.
/// A decile holds a tenth of the running text of the remaining words, the most frequent first.
struct TokenClasses {
  std::vector<std::string> names;
  std::vector<std::int32_t> token_class;  ///< [vocabulary]
};

TokenClasses classify_tokens(const VocabularyFacts& vocabulary);

/// Labels by name, numbered by first appearance; for classes by file or by line.
class LabelSet {
 public:
  /// The number of a label. Error(bad_data) naming `source` beyond `kMaxLabels`: such a file holds text, not labels.
  std::int32_t number(const std::string& label, const std::string& source);
  const std::vector<std::string>& names() const { return names_; }

  static constexpr Index kMaxLabels = 1000;

 private:
  std::vector<std::string> names_;
  std::unordered_map<std::string, std::int32_t> numbers_;
};

}  // namespace moelm
