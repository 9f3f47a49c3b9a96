// Scores as rows of text print them.
#pragma once

#include <numbers>
#include <string>

namespace moelm {

/// Nine significant digits, "-12.3456789" or "-1e-08". Thread-safe.
std::string score_number(double value);

/// The base of the logarithms in rows.
struct LogBase {
  std::string name = "10";  ///< as it was given
  double ln = std::numbers::ln10;

  bool is_ten() const { return ln == std::numbers::ln10; }
  /// The logarithm of the probability of a score in nats, with 0 instead of -0 for a certain token.
  double of_nll(double nll) const { return nll == 0 ? 0 : -nll / ln; }
};

/// "e", or a number above 1. Error(usage) for others.
LogBase parse_log_base(const std::string& text);

/// log10 p of a score in nats, with 0 instead of -0 for a certain token. Thread-safe.
inline double log10_of_nll(double nll) { return LogBase().of_nll(nll); }

}  // namespace moelm
