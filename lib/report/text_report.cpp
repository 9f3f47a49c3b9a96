#include "report/text_report.hpp"

#include <algorithm>
#include <cmath>

#include "base/escape.hpp"
#include "base/quantity.hpp"
#include "report/sentence_report.hpp"
#include "terminal/format.hpp"
#include "terminal/table.hpp"
#include "terminal/terminal.hpp"

namespace moelm {
namespace {

constexpr Index kTableRows = 32;      // rows of the table
constexpr Index kContextExperts = 8;  // experts with contexts below it
constexpr std::size_t kContexts = 2;  // contexts of each

std::string joined(const std::vector<TokenUse>& tokens) {
  std::string text;
  for (const TokenUse& t : tokens) text.append(text.empty() ? "" : " ").append(t.token);
  return text;
}

void append_facts(std::string& out, const StatisticsReport& report, Index columns) {
  std::size_t width = 0;
  for (const auto& [name, value] : report.facts) width = std::max(width, name.size());
  for (const auto& [name, value] : report.facts) {
    out.append(name).append(width - name.size() + 2, ' ');
    const Index column = static_cast<Index>(width) + 2;
    out += wrap_words(escape_terminal(value), columns, column, column) + "\n";
  }
}

std::string nats_text(const Information& i) {
  return format_fixed(i.nats, 3) + " nats (shuffled " + format_fixed(i.shuffled, 3) + ")";
}

void append_balance(std::string& out, const StatisticsReport& report, const LayerStatistics& s, Index columns) {
  const std::string load = s.load_kind == "smooth" ? "load" : "load (counts)";
  const auto append_line = [&](const std::string& line) { out += "  " + wrap_words(line, columns, 2, 2) + "\n"; };
  append_line("CV(importance) " + format_fixed(s.cv_importance, 3) + "   CV(" + load + ") " +
              format_fixed(s.cv_load, 3) + "   max/mean load " + format_fixed(s.max_over_mean_load, 2));
  append_line("max/mean tokens " + format_fixed(s.max_over_mean_tokens, 2) + "  Jain " + format_fixed(s.jain, 3) +
              "  gate entropy " + format_fixed(s.gate_entropy, 3) + " nats  dead experts " +
              format_count(static_cast<Index>(s.dead.size())));
  const InformationReport& i = s.information;
  if (i.rows == 0) return;
  out += "  I(" + report.class_kind + "; expert) " + nats_text(i.label_expert) + " of " +
         format_fixed(i.label_entropy, 3) + "\n";
  if (!report.classes_of_tokens)
    out += "  I(" + report.class_kind + "; expert | token) " + nats_text(i.label_given_token) + "\n";
  out += "  I(token; expert) " + nats_text(i.token_expert) + " of " + format_fixed(i.expert_entropy, 3) + "\n";
}

/// The class that an expert prefers, or "-".
std::string favourite_class(const StatisticsReport& report, const LayerStatistics& s, Index expert) {
  double best = 0;
  std::string name = "-";
  for (Index l = 0; l < s.labels; ++l) {
    const double preference = class_preference(s, l, expert);
    if (preference > best) {
      best = preference;
      name = report.class_names[l];
    }
  }
  return name;
}

std::string expert_table(const StatisticsReport& report, const LayerReport& layer, Index columns) {
  const LayerStatistics& s = layer.statistics;
  Table table;
  for (const char* heading : {"expert", "tokens", "share", "importance", "load", "gate"}) table.add_column(heading);
  table.add_column("class", Align::left, 14);
  table.add_column("prefers", Align::left);
  for (const Index e : shown_experts(s, kTableRows)) {
    const ExpertUse& u = s.use[e];
    table.add_row({std::to_string(e), format_count(u.tokens), format_percent(u.share), format_fixed(u.importance, 1),
                   format_fixed(u.load, 1), format_fixed(u.mean_gate, 2), favourite_class(report, s, e),
                   joined(layer.words[e].by_lift)});
  }
  return table.str(2, columns);
}

/// The end of escaped text that fits, so that the marked words are aligned.
std::string_view last_columns(std::string_view escaped, Index columns) {
  if (display_width(escaped) <= columns) return escaped;
  while (display_width(escaped) > columns) {
    escaped.remove_prefix(1);
    while (!escaped.empty() && (static_cast<unsigned char>(escaped.front()) & 0xc0U) == 0x80) escaped.remove_prefix(1);
  }
  const std::size_t word = escaped.find(' ');  // not within a word, where there are words
  return escaped.substr(word < escaped.size() / 2 ? word + 1 : 0);
}

void append_contexts(std::string& out, const LayerReport& layer, Index columns) {
  const LayerStatistics& s = layer.statistics;
  std::vector<Index> experts = shown_experts(s, 2 * kContextExperts);
  std::stable_sort(experts.begin(), experts.end(), [&](Index a, Index b) { return s.use[a].tokens > s.use[b].tokens; });
  experts.resize(std::min(experts.size(), static_cast<std::size_t>(kContextExperts)));
  const Index half = std::clamp<Index>((columns - 27) / 2, 8, 60);
  out += "  Highest gates of the busiest, at the word in brackets:\n";
  for (const Index e : experts) {
    const auto& contexts = layer.words[e].contexts;
    for (std::size_t i = 0; i < std::min(contexts.size(), kContexts); ++i) {
      const std::string whole = escape_terminal(contexts[i].before);
      const std::string_view before = last_columns(whole, half);
      std::string number = i == 0 ? std::to_string(e) : "";
      out.append(2 + 6 - std::min<std::size_t>(number.size(), 6), ' ').append(number).append("  ");
      out += format_fixed(contexts[i].gate, 3);
      out.append(2 + half - display_width(before), ' ').append(before);
      out += shorten("[" + escape_terminal(contexts[i].token) + "]" + escape_terminal(contexts[i].after), half + 10);
      out += "\n";
    }
  }
}

}  // namespace

std::string text_report(const StatisticsReport& report, Index columns) {
  std::string out;
  append_facts(out, report, columns);
  if (!report.sentence.empty()) out += "\n" + sentence_table(report, columns);
  if (report.only_sentence) return out;
  if (report.layers.empty()) out += "\nThis model has no MoE layer with a gate, so there are no experts to show.\n";
  if (!report.layers.empty()) out += "\n" + wrap_words(kNoiseNote, columns) + "\n";
  for (const LayerReport& layer : report.layers) {
    const LayerStatistics& s = layer.statistics;
    out += "\nLayer " + std::to_string(s.layer) + ": " + format_counted(s.experts, "expert") + ", " +
           format_fixed(s.k_mean, s.k_mean == std::floor(s.k_mean) ? 0 : 2) + " for each token, " +
           format_counted(s.rows, "token") + "\n";
    append_balance(out, report, s, columns);
    out += "\n" + expert_table(report, layer, columns);
    if (s.experts > kTableRows)
      out += "  (the " + std::to_string(kTableRows / 2) + " most and the " + std::to_string(kTableRows / 2) +
             " least used; --json has all)\n";
    out += "\n";
    append_contexts(out, layer, columns);
  }
  return out;
}

}  // namespace moelm
