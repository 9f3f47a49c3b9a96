#include "report/html_report.hpp"

#include <cmath>
#include <span>

#include "base/version.hpp"
#include "report/html_script.hpp"
#include "report/html_style.hpp"
#include "report/html_table.hpp"

namespace moelm {
namespace {

const char* const kStepLabel = "optimizer step";

std::string anchor(const LayerReport& layer) { return "layer-" + std::to_string(layer.statistics.layer); }

std::string layer_name(const LayerReport& layer) { return "Layer " + std::to_string(layer.statistics.layer); }

void write_head(HtmlWriter& html, const StatisticsReport& report) {
  html.element("head", {}, [&] {
    html.empty("meta", {{"charset", "utf-8"}});
    html.empty("meta", {{"http-equiv", "Content-Security-Policy"},
                        {"content", "default-src 'none'; style-src 'unsafe-inline'; script-src '" +
                                        html_script_source() + "'; base-uri 'none'; form-action 'none'"}});
    html.empty("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}});
    html.element("title", {}, report.title);
    html.element("style", {}, [&] { html.literal(html_style()); });
  });
}

/// The layers that the page shows in detail.
std::span<const LayerReport> detailed_layers(const StatisticsReport& report) {
  if (report.only_sentence) return {};
  return report.layers;
}

void write_header(HtmlWriter& html, const StatisticsReport& report, bool training) {
  html.element("header", {}, [&] {
    html.element("div", {}, [&] {
      html.element("h1", {}, report.title);
      html.element("dl", {{"class", "facts"}}, [&] {
        for (const auto& fact : report.facts)
          html.element("div", {}, [&] {
            html.element("dt", {}, fact.first);
            html.element("dd", {}, fact.second);
          });
      });
      html.element("nav", {{"aria-label", "Sections"}}, [&] {
        if (!report.sentence.empty()) html.element("a", {{"href", "#sentence"}}, "The text and its experts");
        if (training) html.element("a", {{"href", "#training"}}, "Training");
        for (const LayerReport& layer : detailed_layers(report)) {
          html.element("a", {{"href", "#" + anchor(layer)}}, layer_name(layer) + ": use and balance");
          html.element("a", {{"href", "#" + anchor(layer) + "-experts"}}, layer_name(layer) + ": its experts");
        }
      });
    });
  });
}

/// Shown by the script, because searching needs it.
void write_search(HtmlWriter& html) {
  html.element("div", {{"id", "search"}, {"role", "search"}, {"hidden", ""}}, [&] {
    html.element("label", {{"for", "word"}}, "Search the experts for a word");
    html.empty("input", {{"id", "word"}, {"type", "search"}, {"autocomplete", "off"}, {"spellcheck", "false"}});
    html.element("output", {{"for", "word"}}, "");
  });
}

void write_curves(HtmlWriter& html, const LineChart& chart) {
  html.element("div", {{"class", "panel"}}, [&] {
    html.element("h3", {}, chart.texts.title);
    html.element("p", {{"class", "key"}}, [&] {
      for (std::size_t i = 0; i < chart.curves.size(); ++i)
        html.element("span", {}, [&] {
          html.element("i", {{"class", "c" + std::to_string(i % 6)}}, "");
          html.text(chart.curves[i].name);
        });
    });
    scroll_region(html, chart.texts.title, [&] { draw(html, chart); });
  });
}

std::vector<CurvePoint> perplexities(std::vector<CurvePoint> losses) {
  for (CurvePoint& p : losses) p.y = std::exp(p.y);
  return losses;
}

LineChart perplexity_chart(const TrainingCurves& curves) {
  LineChart chart;
  chart.texts = {"Perplexity", "Perplexity of training and validation text by step, logarithmic."};
  chart.curves = {{"training", perplexities(curves.loss.points()), false}, {"validation", curves.valid_ppl, true}};
  chart.logarithmic = true;
  chart.x_label = kStepLabel;
  chart.y_label = "perplexity a token, logarithmic";
  return chart;
}

LineChart rate_chart(const TrainingCurves& curves) {
  LineChart chart;
  chart.texts = {"Learning rate", "Learning rate by step."};
  chart.curves = {{"learning rate", curves.lr.points(), false}};
  chart.from_zero = true;
  chart.x_label = kStepLabel;
  chart.y_label = "learning rate";
  return chart;
}

/// One chart for at most three layers, each with two curves.
LineChart balance_chart(const TrainingCurves& curves) {
  LineChart chart;
  chart.texts = {"Balance: CV of importance and load",
                 "Coefficients of variation over the experts by training step; 0 is perfect balance."};
  chart.from_zero = true;
  chart.x_label = kStepLabel;
  chart.y_label = "coefficient of variation";
  for (const LayerCurves& l : curves.layers) {
    if (chart.curves.size() == 6) break;
    const std::string name = "layer " + std::to_string(l.layer);
    chart.curves.push_back({name + " importance", l.cv_importance.points(), false});
    chart.curves.push_back({name + " load", l.cv_load.points(), false});
  }
  return chart;
}

LineChart dead_chart(const TrainingCurves& curves) {
  LineChart chart;
  chart.texts = {"Experts without a token in a step", "Number of experts that no token was sent to, by training step."};
  chart.from_zero = true;
  chart.x_label = kStepLabel;
  chart.y_label = "experts";
  for (const LayerCurves& l : curves.layers)
    if (chart.curves.size() < 6) chart.curves.push_back({"layer " + std::to_string(l.layer), l.dead.points(), false});
  return chart;
}

}  // namespace

void write_training(HtmlWriter& html, const TrainingCurves& curves) {
  if (curves.empty()) return;
  html.element("section", {{"id", "training"}}, [&] {
    html.element("h2", {}, "Training");
    html.element("p", {{"class", "lead"}}, "The course of the run by optimizer step, from its metrics.jsonl.");
    html.element("div", {{"class", "pair"}}, [&] {
      write_curves(html, perplexity_chart(curves));
      write_curves(html, rate_chart(curves));
      if (curves.layers.empty()) return;
      write_curves(html, balance_chart(curves));
      write_curves(html, dead_chart(curves));
    });
    write_history(html, curves);
  });
}

std::string html_report(const StatisticsReport& report, const TrainingCurves& curves) {
  HtmlWriter html;
  html.literal("<!DOCTYPE html>\n");
  html.element("html", {{"lang", "en"}}, [&] {
    write_head(html, report);
    html.element("body", {}, [&] {
      html.element("a", {{"class", "skip"}, {"href", "#report"}}, "Skip to the report");
      write_header(html, report, !curves.empty());
      html.element("main", {{"id", "report"}, {"tabindex", "-1"}}, [&] {
        if (!detailed_layers(report).empty()) write_search(html);
        write_sentence(html, report);
        write_training(html, curves);
        for (const LayerReport& layer : detailed_layers(report)) {
          html.element("section", {{"id", anchor(layer)}}, [&] { write_layer(html, report, layer); });
          html.element("section", {{"id", anchor(layer) + "-experts"}, {"class", "cards"}},
                       [&] { write_experts(html, layer); });
        }
        if (report.layers.empty())
          html.element("p", {{"class", "lead"}},
                       "This model has no MoE layer with a gate, so there are no experts to show.");
      });
      html.element("footer", {}, std::string("Written by moe-stats ") + version() + ". This page needs no network.");
      html.element("script", {}, [&] { html.literal(html_script()); });
    });
  });
  return html.str();
}

}  // namespace moelm
