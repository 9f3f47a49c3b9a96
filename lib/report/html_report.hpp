// The report as one HTML file: inline SVG and CSS, no script, nothing from the network.
#pragma once

#include <string>

#include "io/output_file.hpp"
#include "report/html_writer.hpp"
#include "report/training_curves.hpp"
#include "statistics/expert_report.hpp"

namespace moelm {

/// The whole page. Texts of the corpus are escaped; a content security policy forbids scripts, frames and the network
/// besides. Shows 4 to 4,096 experts a layer: of many, the most and the least used.
std::string html_report(const StatisticsReport& report, const TrainingCurves& curves);

/// How a page of ours is recognised, so that it may be replaced by a newer one.
inline constexpr OutputKind kPageKind = {"a page of moe-stats", "<!DOCTYPE html>\n<html lang=\"en\"><head>",
                                         "Written by moe-stats "};

/// Parts of the page, each a section: a short text token by token (nothing for a long one), the curves of the training
/// (nothing if there are none), one MoE layer, its experts.
void write_sentence(HtmlWriter& html, const StatisticsReport& report);
void write_training(HtmlWriter& html, const TrainingCurves& curves);
void write_layer(HtmlWriter& html, const StatisticsReport& report, const LayerReport& layer);
void write_experts(HtmlWriter& html, const LayerReport& layer);

}  // namespace moelm
