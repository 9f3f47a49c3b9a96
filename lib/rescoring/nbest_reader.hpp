// N-best lists from a file or pipe, one list at a time.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "rescoring/nbest_line.hpp"
#include "text/bounded_lines.hpp"

namespace moelm {

/// A longer line is malformed, so that memory is bounded by the lists.
inline constexpr std::size_t kMaxNbestLineBytes = std::size_t{1} << 20;

struct NbestReading {
  std::optional<NbestFormat> format = {};  ///< none: what the first line can only be, else Error(bad_data)
  bool numbered_ids = false;               ///< ids are NAME-N, and a list is one NAME
  bool skip_bad = false;                   ///< leave malformed lines out and count them
  /// Throws NbestFault for a hypothesis that lacks what its reader needs. Error, if no list of this form could have it.
  /// May be missing.
  std::function<void(NbestFormat, const Hypothesis&)> check = {};
};

struct NbestList {
  std::string id;  ///< "" in SRILM's forms
  std::vector<Hypothesis> hypotheses;
  bool header = false;      ///< it stands after a line "NBestList1.0"
  bool empty_line = false;  ///< an empty line ended it
};

/// A list ends where the id changes, at an empty line, at a header of SRILM, and at the end of the file. Not
/// thread-safe.
class NbestReader {
 public:
  /// The source must outlive it.
  NbestReader(TextSource& source, const NbestReading& how)
      : source_(source), how_(how), format_(how.format), lines_(source, kMaxNbestLineBytes) {}

  /// Reads the next list. Returns false at the end of the file. A list has no hypotheses only where an empty line
  /// stands alone. Error(bad_data) names the first malformed line.
  bool next(NbestList& list);

  /// REQUIRES that a list with hypotheses was read.
  NbestFormat format() const { return *format_; }
  Index bad_lines() const { return bad_lines_; }
  /// File, number and fault of the first line that was left out; empty without one.
  const std::string& first_fault() const { return first_fault_; }
  /// Whether ids look as if --numbered-ids was meant: lists of one hypothesis NAME-1, NAME-2 in a row.
  bool looks_numbered() const { return looks_numbered_; }

 private:
  bool read_line();
  bool take_line(NbestList& list);
  bool take_header(NbestList& list);
  void take_hypothesis(NbestList& list);
  void choose_format();
  void watch_ids(const NbestList& list);
  std::string located(const std::string& fault) const;
  [[noreturn]] void refuse(const std::string& fault, const std::string& hint) const;

  TextSource& source_;
  NbestReading how_;
  std::optional<NbestFormat> format_;
  BoundedLines lines_;
  std::string line_;  // without its line end
  Index bad_lines_ = 0;
  std::string first_fault_;
  bool decipher_ = false;            // after a header
  std::optional<Hypothesis> first_;  // of the next list, already read
  bool header_next_ = false;         // the next list's header was read
  std::string last_single_;          // id of the last list if it had one hypothesis
  bool looks_numbered_ = false;
};

}  // namespace moelm
