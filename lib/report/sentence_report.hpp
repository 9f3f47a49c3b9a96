// A short text and the experts of each of its tokens: colored, and as a table.
#pragma once

#include <map>
#include <string>

#include "io/json.hpp"
#include "statistics/expert_report.hpp"
#include "terminal/colored_text.hpp"

namespace moelm {

/// Numbers for the colors of the experts that have the highest gate somewhere in the report's sentence: by falling
/// number of tokens, from 0 on. Several experts share a color if there are more than `colors`. `layer` counts the
/// report's layers.
std::map<std::int32_t, int> expert_colors(const StatisticsReport& report, std::size_t layer, int colors);

/// The tokens read, each with the expert of its highest gate below it and in that expert's color, one layer after the
/// other, broken into lines of at most `columns`. REQUIRES report.sentence.
ColoredText colored_sentence(const StatisticsReport& report, Index columns);

/// A row for each token: read, experts of each layer with their gates, the token that came next and its probability.
std::string sentence_table(const StatisticsReport& report, Index columns);

/// [{"token", "next", "probability", "experts": for each layer [{"expert", "gate"}]}].
Json sentence_json(const StatisticsReport& report);

}  // namespace moelm
