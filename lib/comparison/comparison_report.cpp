#include "comparison/comparison_report.hpp"

#include <cmath>

#include "base/escape.hpp"
#include "base/finite.hpp"
#include "base/quantity.hpp"
#include "report/report_line.hpp"
#include "terminal/format.hpp"
#include "terminal/table.hpp"

namespace moelm {

namespace {

constexpr int kDecimals = 4;

std::string signed_number(double value) { return (value > 0 ? "+" : "") + format_fixed(value, kDecimals); }

std::string interval(const BootstrapResult& r) {
  if (!is_finite(r.low)) return "none";
  return signed_number(r.low) + " to " + signed_number(r.high);
}

std::string level(const Comparison& c) { return format_measure(100 * c.bootstrap.level, 2) + " %"; }

const char* unit_name(const Comparison& c) { return c.unit == UnitKind::token ? "token" : "word"; }

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + escape_terminal(name);
  return text;
}

std::string blocks_text(const Comparison& c) {
  const auto count = static_cast<Index>(c.blocks.ends.size());
  if (c.blocks.documents) return format_counted(count, "document");
  return format_counted(count, "block") + " of " + format_counted(c.blocks.size, unit_name(c));
}

std::string verdict(const Comparison& c) {
  const BootstrapResult& r = c.whole.result;
  if (!is_finite(r.low)) return "no interval: a single block";
  const std::string text = level(c) + " interval " + interval(r);
  if (r.low > 0) return text + ": A is better";
  if (r.high < 0) return text + ": B is better";
  return text + ": it holds 0";
}

std::string seeds_text(const Comparison& c, Index columns) {
  Table table;
  for (const char* heading : {"A", "B"}) table.add_column(heading, Align::left, kNameColumns);
  for (const std::string& heading :
       {std::string("perplexity A"), std::string("perplexity B"), std::string("B - A"), level(c) + " interval"})
    table.add_column(heading);
  for (std::size_t s = 0; s < c.seeds.size(); ++s) {
    const Difference& d = c.seeds[s];
    table.add_row({c.names_a[s], c.names_b[s], format_measure(std::exp(d.a), 5), format_measure(std::exp(d.b), 5),
                   signed_number(d.result.mean), interval(d.result)});
  }
  return "\nseeds, paired by position:\n" + table.str(0, columns);
}

/// `share` is the part of the whole difference that comes from the row's units.
std::string parts_text(const Comparison& c, const std::string& heading, const std::vector<Difference>& parts,
                       Index columns) {
  Table table;
  table.add_column(heading, Align::left, kNameColumns);
  for (const std::string& name : {std::string(unit_name(c)) + "s", std::string("nats A"), std::string("nats B"),
                                  std::string("B - A"), level(c) + " interval", std::string("of the whole")})
    table.add_column(name);
  for (const Difference& d : parts)
    table.add_row({d.name, format_count(std::llround(d.weight)), format_fixed(d.a, kDecimals),
                   format_fixed(d.b, kDecimals), signed_number(d.result.mean), interval(d.result),
                   signed_number(d.result.mean * d.weight / c.whole.weight)});
  return "\n" + table.str(0, columns);
}

Json difference_json(const Difference& d) {
  return {{"nats_a", d.a},
          {"nats_b", d.b},
          {"difference", d.result.mean},
          {"standard_error", value_or_null(d.result.standard_error)},
          {"low", value_or_null(d.result.low)},
          {"high", value_or_null(d.result.high)}};
}

Json parts_json(const std::vector<Difference>& parts) {
  Json list = Json::array();
  for (const Difference& d : parts) {
    Json part = {{"name", to_valid_utf8(d.name)}, {"weight", d.weight}};
    part.update(difference_json(d));
    list.push_back(std::move(part));
  }
  return list;
}

Json seeds_json(const Comparison& c) {
  Json list = Json::array();
  for (std::size_t s = 0; s < c.seeds.size(); ++s) {
    Json seed = {{"a", to_valid_utf8(c.names_a[s])}, {"b", to_valid_utf8(c.names_b[s])}};
    seed.update(difference_json(c.seeds[s]));
    seed["perplexity_a"] = value_or_null(std::exp(c.seeds[s].a));
    seed["perplexity_b"] = value_or_null(std::exp(c.seeds[s].b));
    list.push_back(std::move(seed));
  }
  return list;
}

}  // namespace

std::vector<std::string> comparison_notes(const Comparison& c) {
  std::vector<std::string> notes;
  const auto blocks = static_cast<Index>(c.blocks.ends.size());
  if (blocks < 10)
    notes.push_back(format_counted(blocks, "block") + (blocks == 1 ? " gives no interval" : " give a rough interval") +
                    "; take a longer text or smaller blocks (--blocks)");
  if (c.seeds.size() > 1 && c.seeds.size() < 5)
    notes.push_back(format_counted(static_cast<Index>(c.seeds.size()), "seed") +
                    " are few: an interval that resamples them is too narrow rather than too wide");
  if (c.unit == UnitKind::line)
    notes.push_back(
        "lines are paired: nats a word, line ends counted, as A counts words; a model that scores unknown words as "
        "<unk> has an advantage");
  return notes;
}

std::string comparison_text(const Comparison& c, Index columns) {
  const Difference& w = c.whole;
  std::string out = report_line("text", escape_terminal(c.text) + ", " + format_counted(c.tokens, "token"));
  out += report_line("A", joined(c.names_a));
  out += report_line("B", joined(c.names_b));
  out += report_line("policy A", escape_terminal(c.policy_a));
  out += report_line("policy B", escape_terminal(c.policy_b));
  out += report_line("perplexity", "A " + format_measure(std::exp(w.a), 6) + ", B " + format_measure(std::exp(w.b), 6) +
                                       (c.unit == UnitKind::line ? " a word" : ""));
  out += report_line("B - A", signed_number(w.result.mean) + " nats a " + unit_name(c) + ", " + verdict(c));
  out += report_line("bootstrap", format_count(c.bootstrap.resamples) + " resamples of " + blocks_text(c) +
                                      (c.seeds.size() > 1 ? " and of the seeds" : "") + ", percentiles");
  if (c.seeds.size() > 1) out += seeds_text(c, columns);
  if (!c.classes.empty()) out += parts_text(c, "in the training text", c.classes, columns);
  if (!c.sources.empty()) out += parts_text(c, "source", c.sources, columns);
  return out;
}

Json comparison_json(const Comparison& c) {
  Json out = {{"type", "comparison"},
              {"text", to_valid_utf8(c.text)},
              {"tokens", c.tokens},
              {"unit", unit_name(c)},
              {"weight", c.whole.weight},
              {"policy_a", to_valid_utf8(c.policy_a)},
              {"policy_b", to_valid_utf8(c.policy_b)},
              {"perplexity_a", value_or_null(std::exp(c.whole.a))},
              {"perplexity_b", value_or_null(std::exp(c.whole.b))}};
  out.update(difference_json(c.whole));
  out["level"] = c.bootstrap.level;
  out["resamples"] = c.bootstrap.resamples;
  out["blocks"] = c.blocks.ends.size();
  out["block_kind"] = c.blocks.documents ? "document" : "block";
  out["block_size"] = c.blocks.documents ? Json(nullptr) : Json(c.blocks.size);
  out["seeds"] = seeds_json(c);
  out["classes"] = parts_json(c.classes);
  out["sources"] = parts_json(c.sources);
  return out;
}

}  // namespace moelm
