// A line of an n-best list in the forms of Kaldi and RNNLM, SRILM and Moses, taken apart.
#pragma once

#include <array>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/index.hpp"
#include "base/option.hpp"

namespace moelm {

enum class NbestFormat {
  kaldi,  ///< id w1 w2 ...
  srilm,  ///< ascore lscore nwords w1 w2 ..., or after a line "NBestList1.0" (score) w1 w2 ...
  moses,  ///< id ||| words ||| features ||| score
};

template <>
struct EnumNames<NbestFormat> {
  static constexpr std::array<std::pair<std::string_view, NbestFormat>, 3> values = {
      {{"kaldi", NbestFormat::kaldi}, {"srilm", NbestFormat::srilm}, {"moses", NbestFormat::moses}}};
};

/// One unit of the scores behind that header, as a logarithm to base 10: SRILM's bytelogs, to base 1.0001 and divided
/// by 1,024.
inline constexpr double kBytelog = 1024.0 / 10000.5 / 2.302585092994046;
inline constexpr std::string_view kDecipherHeader = "NBestList1.0";  ///< SRILM's, before lines of (score) w1 ...
inline constexpr std::string_view kDetailedHeader = "NBestList2.0";  ///< with times; not read here

/// What is wrong with a line: a field, what was expected and what was found there.
class NbestFault : public std::runtime_error {
 public:
  NbestFault(const std::string& field, const std::string& expected, std::string_view found);
};

/// One hypothesis. The line is before + replaced + after; scores are written between these parts.
struct Hypothesis {
  Index line = 0;        ///< its number in the file, from 1
  std::string id;        ///< of its list; "" in SRILM's forms
  std::string words;     ///< without <s> at the beginning and </s> at the end
  Index word_count = 0;  ///< stretches of `words` between white space
  bool marks = false;    ///< whether <s> or </s> stood there
  std::string before, replaced, after;
  std::string features;  ///< of Moses
  /// Scores that the form has at a fixed place: ascore and lscore, or score.
  std::vector<std::pair<std::string, double>> scores;

  /// The number that a weight refers to: one of `scores`, "words", or a feature of Moses: NAME, or NAME.I where it has
  /// several values. NbestFault if there is none.
  double value(std::string_view name) const;
};

/// Takes a line apart, without its line end. `decipher`: it stands after kDecipherHeader. NbestFault says what is
/// wrong.
Hypothesis parse_hypothesis(NbestFormat format, bool decipher, std::string_view line);

/// The form that this first line can only be: Moses's, or one of SRILM's. Kaldi's cannot be told from a plain text.
std::optional<NbestFormat> detect_format(std::string_view line);

/// An id NAME-N of Kaldi's lattice-to-nbest as NAME. NbestFault for others.
std::string numbered_name(const std::string& id);

}  // namespace moelm
