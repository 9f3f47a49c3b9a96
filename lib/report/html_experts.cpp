// The cards of a layer's experts: their use, preferred tokens, and contexts with the highest gates.
#include <algorithm>

#include "base/quantity.hpp"
#include "report/chart_axes.hpp"
#include "report/html_report.hpp"
#include "terminal/format.hpp"

namespace moelm {
namespace {

constexpr Index kCards = 64;

/// Makes a token of blanks visible.
std::string visible(const std::string& token) {
  return token.find_first_not_of(' ') == std::string::npos ? "\u2423" : token;
}

void write_meter(HtmlWriter& html, double part) {
  html.element("div", {{"class", "meter"}}, [&] {
    html.element("svg", {{"viewBox", "0 0 100 5"}, {"preserveAspectRatio", "none"}, {"aria-hidden", "true"}}, [&] {
      html.empty("rect", {{"class", "bar"}, {"width", coordinate(100 * part)}, {"height", "5"}});
    });
  });
}

void write_chips(HtmlWriter& html, std::string_view heading, const std::vector<TokenUse>& tokens, bool lift) {
  if (tokens.empty()) return;
  html.element("h4", {}, heading);
  html.element("ul", {{"class", "chips"}}, [&] {
    for (const TokenUse& t : tokens)
      html.element("li",
                   {{"title", format_count(t.count) + " times, " + format_percent(t.share) +
                                  " of all occurrences, lift " + format_fixed(t.lift, 2)}},
                   [&] {
                     html.text(visible(t.token));
                     html.element("small", {}, lift ? "\u00d7" + format_measure(t.lift, 2) : format_count(t.count));
                   });
  });
}

void write_contexts(HtmlWriter& html, const std::vector<ContextWords>& contexts) {
  if (contexts.empty()) return;
  html.element("h4", {}, "Highest gates, at the token marked");
  html.element("ol", {{"class", "contexts"}}, [&] {
    for (const ContextWords& c : contexts)
      html.element("li", {}, [&] {
        html.element("span", {{"class", "gate"}, {"title", "gate"}}, format_fixed(c.gate, 3));
        html.element("span", {{"class", "words"}}, [&] {
          html.text(c.before);
          html.element("mark", {}, visible(c.token));
          html.text(c.after);
        });
      });
  });
}

void write_card(HtmlWriter& html, const LayerReport& layer, Index expert, Index max_tokens) {
  const ExpertUse& use = layer.statistics.use[expert];
  const ExpertWords& words = layer.words[expert];
  html.element("article", {{"class", "expert"}}, [&] {
    html.element("h3", {}, [&] {
      html.text("Expert " + std::to_string(expert));
      html.element("small", {},
                   format_counted(use.tokens, "token") + ", " + format_percent(use.share) + ", mean gate " +
                       format_fixed(use.mean_gate, 2));
    });
    write_meter(html, max_tokens > 0 ? static_cast<double>(use.tokens) / static_cast<double>(max_tokens) : 0);
    std::vector<TokenUse> frequent = words.by_count;
    frequent.resize(std::min<std::size_t>(frequent.size(), 8));
    write_chips(html, "Prefers (times as often as on average)", words.by_lift, true);
    write_chips(html, "Reads most", frequent, false);
    write_contexts(html, words.contexts);
  });
}

}  // namespace

void write_experts(HtmlWriter& html, const LayerReport& layer) {
  const LayerStatistics& s = layer.statistics;
  const bool some = s.experts > kCards;
  html.element("h2", {}, "Layer " + std::to_string(s.layer) + ": its experts");
  html.element("p", {{"class", "lead"}}, [&] {
    if (some)
      html.text("The " + std::to_string(kCards / 2) + " most used experts, then the " + std::to_string(kCards / 2) +
                " least used that have a token. ");
    html.text(
        "An expert works on the token that was just read, in the state that the words before it left. A token counts "
        "as preferred if it was met more often than by chance.");
  });
  Index max_tokens = 0;
  for (const ExpertUse& u : s.use) max_tokens = std::max(max_tokens, u.tokens);
  std::vector<Index> shown = shown_experts(s, s.experts);
  std::erase_if(shown, [&](Index e) { return s.use[e].tokens == 0; });
  if (static_cast<Index>(shown.size()) > kCards) {
    std::stable_sort(shown.begin(), shown.end(), [&](Index a, Index b) { return s.use[a].tokens > s.use[b].tokens; });
    shown.erase(shown.begin() + kCards / 2, shown.end() - kCards / 2);
  }
  html.element("div", {{"class", "experts"}}, [&] {
    for (const Index e : shown) write_card(html, layer, e, max_tokens);
  });
  if (s.dead.empty()) return;
  std::string names;
  for (std::size_t i = 0; i < s.dead.size() && i < 200; ++i) names += (i > 0 ? ", " : "") + std::to_string(s.dead[i]);
  html.element("p", {{"class", "lead"}},
               "Without a token in this text: " + names + (s.dead.size() > 200 ? ", ..." : "") + ".");
}

}  // namespace moelm
