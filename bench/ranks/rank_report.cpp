#include "bench/ranks/rank_report.hpp"

#include <algorithm>

#include "base/quantity.hpp"
#include "bench/chart_file.hpp"
#include "scale/cost_table.hpp"
#include "terminal/format.hpp"
#include "terminal/table.hpp"

namespace moelm {

namespace {

constexpr double kWanted = 0.8;  // of a step
constexpr std::size_t kCurves = 6;

constexpr const char* kCurveStyles =
    ".c0{stroke:#d9480f}.c1{stroke:#2563c9}.c2{stroke:#2b8a3e}.c3{stroke:#862e9c}.c4{stroke:#5c677d}"
    ".c5{stroke:#a37f00}";

std::string rate(const Network& network) { return format_number(network.bytes_per_second * 8 / 1e9) + " Gb/s"; }

std::string width_text(double width) { return format_count(static_cast<Index>(width + 0.5)); }

Json network_json(const Network& network) {
  return {{"bytes_per_s", network.bytes_per_second}, {"latency", network.latency}, {"message", network.message}};
}

}  // namespace

RankReport::RankReport(const RankRequest& request) : request_(request) {
  for (const Network& network : request.networks)
    if (by_width())
      shares_.push_back(predict_widths(request, network));
    else
      costs_.push_back(predict_ranks(request, network));
}

std::string RankReport::assumptions() const {
  const Unevenness& u = request_.unevenness;
  return "predicted, not measured: " + request_.model + ", " + format_count(request_.rows) +
         " rows a rank, vocabulary " + format_count(request_.vocabulary) + ", products in " +
         data_type_name(request_.products()) + "; " + format_measure(2 * request_.machine.multiply_adds / 1e9, 3) +
         " GFLOP/s in a step, memory " + format_measure(request_.machine.memory / 1e9, 3) + " GB/s (" +
         request_.machine_source + "); load CV " + format_number(u.load_cv) + ", jitter " + format_number(u.jitter) +
         ", oversubscription " + format_number(u.oversubscription) +
         (request_.overlapped ? "" : "; no sums beside work") + "\n";
}

std::string RankReport::text() const {
  std::string text = assumptions();
  if (by_width()) return text + width_table();
  for (std::size_t n = 0; n < request_.networks.size(); ++n)
    text += "\n" + format_network(request_.networks[n]) + "\n" + costs_table(costs_[n]);
  return text;
}

std::string RankReport::width_table() const {
  Table table;
  table.add_column("hidden");
  table.add_column("FLOP a byte");
  for (const Network& network : request_.networks) table.add_column("work at " + rate(network));
  for (std::size_t w = 0; w < request_.widths.size(); ++w) {
    std::vector<std::string> cells = {format_count(request_.widths[w]),
                                      format_measure(operations_of_byte(request_.widths[w], request_.products()), 4)};
    for (const std::vector<double>& shares : shares_) cells.push_back(format_percent(shares[w], 0));
    table.add_row(cells);
  }
  const Index ranks = *std::max_element(request_.ranks.begin(), request_.ranks.end());
  std::string text = "\nshare of a step on " + format_counted(ranks, "rank") +
                     " that is work, by the hidden width of the experts\n" + table.str() + "\n";
  for (std::size_t n = 0; n < request_.networks.size(); ++n) {
    const auto enough = std::find_if(shares_[n].begin(), shares_[n].end(), [](double s) { return s >= kWanted; });
    text += rate(request_.networks[n]) + ": experts work as long as their rows travel from a width of " +
            width_text(even_width(request_.machine, request_.networks[n], request_.products())) + " on; ";
    text += enough == shares_[n].end()
                ? "no width in the table makes " + format_percent(kWanted, 0) + " of a step work\n"
                : format_percent(kWanted, 0) + " of a step is work from " +
                      format_count(request_.widths[static_cast<std::size_t>(enough - shares_[n].begin())]) + " on\n";
  }
  return text;
}

Json RankReport::json() const {
  Json report = {{"predicted", true},
                 {"model", request_.model},
                 {"rows_of_a_rank", request_.rows},
                 {"vocabulary_size", request_.vocabulary},
                 {"dtype", data_type_name(request_.products())},
                 {"machine",
                  {{"gflops", 2 * request_.machine.multiply_adds / 1e9},
                   {"memory_gb_per_s", request_.machine.memory / 1e9},
                   {"source", request_.machine_source}}},
                 {"load_cv", request_.unevenness.load_cv},
                 {"jitter", request_.unevenness.jitter},
                 {"oversubscription", request_.unevenness.oversubscription},
                 {"overlap", request_.overlapped},
                 {"networks", Json::array()}};
  for (std::size_t n = 0; n < request_.networks.size(); ++n) {
    Json one = network_json(request_.networks[n]);
    if (by_width()) {
      one["even_width"] = even_width(request_.machine, request_.networks[n], request_.products());
      one["widths"] = Json::array();
      for (std::size_t w = 0; w < request_.widths.size(); ++w)
        one["widths"].push_back({{"hidden", request_.widths[w]},
                                 {"operations_of_byte", operations_of_byte(request_.widths[w], request_.products())},
                                 {"share_of_work", shares_[n][w]}});
    } else {
      one["steps"] = costs_json(costs_[n]);
    }
    report["networks"].push_back(std::move(one));
  }
  return report;
}

std::string RankReport::plot() const {
  LineChart chart;
  chart.texts = {"How much of a step over ranks is work", "Percent of a predicted step, a curve for each network"};
  chart.logarithmic_x = chart.from_zero = true;
  chart.x_label = by_width() ? "hidden width of the experts, logarithmic" : "ranks, logarithmic";
  chart.y_label = "percent of a step";
  for (std::size_t n = 0; n < std::min(kCurves, request_.networks.size()); ++n) {
    Curve curve{rate(request_.networks[n]), {}, true};
    const std::size_t points = by_width() ? shares_[n].size() : costs_[n].size();
    for (std::size_t i = 0; i < points; ++i)
      curve.points.push_back({static_cast<double>(by_width() ? request_.widths[i] : request_.ranks[i]),
                              100 * (by_width() ? shares_[n][i] : costs_[n][i].share_of_work())});
    chart.curves.push_back(std::move(curve));
  }
  return chart_file(chart, "share of a step that is work, predicted: " + request_.model, kCurveStyles, 96);
}

}  // namespace moelm
