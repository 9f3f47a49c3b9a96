#include "comparison/mixture_report.hpp"

#include <algorithm>
#include <cmath>

#include "base/escape.hpp"
#include "base/quantity.hpp"
#include "report/report_line.hpp"
#include "terminal/format.hpp"
#include "terminal/table.hpp"

namespace moelm {

namespace {

constexpr int kDigits = 6;

std::string gain(const Mixture& m) {
  double best = m.components[0].perplexity;
  for (const MixedComponent& c : m.components) best = std::min(best, c.perplexity);
  const double change = m.perplexity() / best - 1;
  return format_percent(std::abs(change)) + (change <= 0 ? " below" : " above") + " the best component";
}

}  // namespace

std::string mixture_policy(const Mixture& m) {
  return "static linear mixture of " + format_counted(static_cast<Index>(m.components.size()), "model") +
         ", weights by EM on " + m.tuned_on + (m.tuned_on == m.text ? ", which is the scored text itself" : "");
}

std::string mixture_text(const Mixture& m, Index columns) {
  std::string out = report_line("text", escape_terminal(m.text) + ", " + format_counted(m.tokens, "token"));
  out +=
      report_line("tuned on", escape_terminal(m.tuned_on) + ", " + format_counted(m.tuned_tokens, "token") + ", " +
                                  format_counted(m.steps, "step") + " of EM" + (m.converged ? "" : ", not converged"));
  out += report_line("policy", escape_terminal(mixture_policy(m)));
  out += report_line("perplexity", format_measure(m.perplexity(), kDigits) + " a token, " + gain(m));
  Table table;
  table.add_column("component", Align::left, kNameColumns);
  for (const char* heading : {"weight", "tuning text", "text"}) table.add_column(heading);
  table.add_column("policy", Align::left);
  for (const MixedComponent& c : m.components)
    table.add_row({c.name, format_fixed(c.weight, 4), format_measure(c.perplexity_tuned, kDigits),
                   format_measure(c.perplexity, kDigits), c.policy});
  table.add_row(
      {"mixture", "1", format_measure(m.perplexity_tuned, kDigits), format_measure(m.perplexity(), kDigits), ""});
  return out + "\n" + table.str(0, columns);
}

Json mixture_json(const Mixture& m) {
  Json components = Json::array();
  for (const MixedComponent& c : m.components)
    components.push_back({{"name", to_valid_utf8(c.name)},
                          {"policy", to_valid_utf8(c.policy)},
                          {"weight", c.weight},
                          {"perplexity_tuned", c.perplexity_tuned},
                          {"perplexity", c.perplexity}});
  return {{"type", "mixture"},
          {"text", to_valid_utf8(m.text)},
          {"tokens", m.tokens},
          {"tuned_on", to_valid_utf8(m.tuned_on)},
          {"tuned_tokens", m.tuned_tokens},
          {"policy", to_valid_utf8(mixture_policy(m))},
          {"steps", m.steps},
          {"converged", m.converged},
          {"nll_nats", m.sum_nll()},
          {"perplexity_tuned", m.perplexity_tuned},
          {"perplexity", m.perplexity()},
          {"components", components}};
}

}  // namespace moelm
