// The report as one HTML file: inline SVG and CSS, one script of its own, nothing from the network.
#pragma once

#include <string>

#include "io/output_file.hpp"
#include "report/html_writer.hpp"
#include "report/training_curves.hpp"
#include "statistics/expert_report.hpp"

namespace moelm {

/// The whole page. Texts of the corpus are escaped, and a content security policy forbids all scripts but the page's
/// own, frames and the network. Of more experts than fit, it shows the most and the least used.
std::string html_report(const StatisticsReport& report, const TrainingCurves& curves);

/// How an earlier page is recognised, so that it may be replaced.
inline constexpr OutputKind kPageKind = {"a page of moe-stats", "<!DOCTYPE html>\n<html lang=\"en\"><head>",
                                         "Written by moe-stats "};

/// Parts of the page: a short text token by token, the training curves, the experts over training, one MoE layer, its
/// experts. The first three write nothing if there is nothing to show.
void write_sentence(HtmlWriter& html, const StatisticsReport& report);
void write_training(HtmlWriter& html, const TrainingCurves& curves);
void write_history(HtmlWriter& html, const TrainingCurves& curves);
void write_layer(HtmlWriter& html, const StatisticsReport& report, const LayerReport& layer);
void write_experts(HtmlWriter& html, const LayerReport& layer);

}  // namespace moelm
