// The report as text for a terminal.
#pragma once

#include <string>

#include "statistics/expert_report.hpp"

namespace moelm {

/// Facts, a short text token by token, then for each layer its balance, a table of its experts with the tokens they
/// prefer, and contexts of the most used. Texts are escaped. Lines of the table fit into `columns` as far as the
/// numbers allow.
std::string text_report(const StatisticsReport& report, Index columns);

}  // namespace moelm
