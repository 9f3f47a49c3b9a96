#include "statistics/token_classes.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/unicode.hpp"

namespace moelm {
namespace {

enum Class : std::int32_t { end_of_line, unknown, number, punctuation, capitalised, first_decile };
constexpr std::int32_t kDeciles = 10;

bool begins_upper(std::string_view text) {
  const std::string_view first = text.substr(0, classify(text, 0).length);
  std::string lower;
  append_lowercase(first, lower);
  return lower != first;
}

/// The class by the look of a token; first_decile for an ordinary word.
Class shape_of(std::string_view text) {
  // A byte-pair token may begin with the blank before its word.
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  bool letters = false, digits = false;
  for (std::size_t i = 0; i < text.size();) {
    const ClassifiedCharacter c = classify(text, i);
    const bool stray = c.kind == CharacterClass::other && static_cast<unsigned char>(text[i]) >= 0x80 && c.length == 1;
    // A piece of a character (a byte token) is more often part of a word than anything else.
    letters = letters || stray || c.kind == CharacterClass::letter || c.kind == CharacterClass::ideograph;
    digits = digits || c.kind == CharacterClass::digit;
    i += c.length;
  }
  if (!letters) return digits ? number : punctuation;
  return begins_upper(text) ? capitalised : first_decile;
}

/// Assigns deciles of the running text to `words`, by falling count, then by id.
void assign_deciles(const VocabularyFacts& vocabulary, std::vector<std::int32_t> words,
                    std::vector<std::int32_t>& token_class) {
  std::vector<Index> count(token_class.size());
  double total = 0;
  for (const std::int32_t id : words) {
    count[id] = std::max<Index>(vocabulary.count(id), 0);
    total += static_cast<double>(count[id]);
  }
  std::stable_sort(words.begin(), words.end(), [&](std::int32_t a, std::int32_t b) { return count[a] > count[b]; });
  double before = 0;
  for (const std::int32_t id : words) {
    // The middle of its mass decides, so a word with more than a tenth of the text still has one class.
    const double middle = before + static_cast<double>(count[id]) / 2;
    const double place = total > 0 ? kDeciles * middle / total : 0;
    token_class[id] = first_decile + std::min(kDeciles - 1, static_cast<std::int32_t>(place));
    before += static_cast<double>(count[id]);
  }
}

}  // namespace

TokenClasses classify_tokens(const VocabularyFacts& vocabulary) {
  TokenClasses classes;
  classes.names = {"</s>", "<unk>", "number", "punctuation", "capitalised", "most frequent"};
  for (std::int32_t d = 2; d < kDeciles; ++d) classes.names.push_back("decile " + std::to_string(d));
  classes.names.emplace_back("rarest");
  classes.token_class.resize(vocabulary.size);
  std::vector<std::int32_t> words;
  for (std::int32_t id = 0; id < vocabulary.size; ++id) {
    Class c = id == vocabulary.end_id       ? end_of_line
              : id == vocabulary.unknown_id ? unknown
                                            : shape_of(vocabulary.text(id));
    classes.token_class[id] = c;
    if (c == first_decile) words.push_back(id);
  }
  assign_deciles(vocabulary, std::move(words), classes.token_class);
  return classes;
}

std::int32_t LabelSet::number(const std::string& label, const std::string& source) {
  const auto found = numbers_.find(label);
  if (found != numbers_.end()) return found->second;
  if (static_cast<Index>(names_.size()) == kMaxLabels)
    throw Error(Exit::bad_data, source + ": labels: expected at most " + std::to_string(kMaxLabels) +
                                    " different ones, found more; give one label for each line of the text");
  names_.push_back(label);
  return numbers_[label] = static_cast<std::int32_t>(names_.size()) - 1;
}

}  // namespace moelm
