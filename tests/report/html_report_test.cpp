// The page is well-formed and has no active element but its own script, for any text and any number of experts.
#include "report/html_report.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "report/html_script.hpp"
#include "sample_report.hpp"
#include "support/catch.hpp"
#include "support/hostile.hpp"

using namespace moelm;

namespace {

/// Reads markup as a browser's tokenizer would and returns the first complaint, or "": tags balanced, names and
/// attributes among those that a report needs, no event handlers, no addresses but places in the page.
class MarkupChecker {
 public:
  explicit MarkupChecker(std::string_view page) : rest_(page) {}

  std::string complaint() {
    if (!skip("<!DOCTYPE html>")) return "no document type";
    while (!rest_.empty()) {
      const std::size_t text = rest_.find('<');
      if (text == std::string_view::npos) break;
      if (const std::string bad = check_text(rest_.substr(0, text)); !bad.empty()) return bad;
      rest_.remove_prefix(text);
      const std::string bad = rest_.substr(0, 2) == "</" ? end_tag() : start_tag();
      if (!bad.empty()) return bad + " near " + std::string(rest_.substr(0, 60));
    }
    return open_.empty() ? "" : "not closed: " + open_.back();
  }
  std::map<std::string, int> counts;

 private:
  bool skip(std::string_view what) {
    if (rest_.substr(0, what.size()) != what) return false;
    rest_.remove_prefix(what.size());
    return true;
  }

  static std::string check_text(std::string_view text) {
    if (text.find('>') != std::string_view::npos && text.find("color-scheme") == std::string_view::npos)
      return "bare >";
    for (std::size_t i = text.find('&'); i != std::string_view::npos; i = text.find('&', i + 1)) {
      bool known = false;
      for (const std::string_view entity : {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"})
        known = known || text.substr(i, entity.size()) == entity;
      if (!known) return "unknown entity";
    }
    return "";
  }

  std::string word(std::string_view stops) {
    const std::size_t end = std::min(rest_.find_first_of(stops), rest_.size());
    std::string result(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return result;
  }

  std::string end_tag() {
    skip("</");
    const std::string name = word(">");
    if (!skip(">")) return "end tag without end";
    if (open_.empty() || open_.back() != name)
      return "closes " + name + (open_.empty() ? "" : " inside " + open_.back());
    open_.pop_back();
    return "";
  }

  std::string start_tag() {
    static const std::set<std::string> kTags = {
        "html",   "head",  "meta",  "title",   "style", "body",  "header", "main",    "section", "footer",  "nav",
        "div",    "span",  "p",     "a",       "b",     "i",     "h1",     "h2",      "h3",      "h4",      "h5",
        "small",  "dl",    "dt",    "dd",      "ul",    "ol",    "li",     "article", "mark",    "details", "summary",
        "table",  "thead", "tbody", "tr",      "th",    "td",    "svg",    "desc",    "rect",    "line",    "path",
        "circle", "text",  "sub",   "caption", "label", "input", "output", "script"};
    static const std::set<std::string> kAttributes = {"lang",
                                                      "charset",
                                                      "http-equiv",
                                                      "content",
                                                      "name",
                                                      "class",
                                                      "id",
                                                      "href",
                                                      "title",
                                                      "role",
                                                      "aria-label",
                                                      "aria-hidden",
                                                      "scope",
                                                      "viewBox",
                                                      "preserveAspectRatio",
                                                      "x",
                                                      "y",
                                                      "x1",
                                                      "x2",
                                                      "y1",
                                                      "y2",
                                                      "cx",
                                                      "cy",
                                                      "r",
                                                      "d",
                                                      "width",
                                                      "height",
                                                      "tabindex",
                                                      "for",
                                                      "type",
                                                      "hidden",
                                                      "autocomplete",
                                                      "spellcheck"};
    skip("<");
    const std::string name = word(" />");
    if (kTags.count(name) == 0) return "tag " + name;
    ++counts[name];
    while (skip(" ")) {
      const std::string attribute = word("=");
      if (kAttributes.count(attribute) == 0) return "attribute " + attribute;
      if (!skip("=\"")) return "value without quotes";
      const std::string value = word("\"<");
      if (!skip("\"")) return "value without end";
      if (attribute == "href" && value.substr(0, 1) != "#") return "address " + value;
      if (const std::string bad = check_text(value); !bad.empty()) return bad;
    }
    if (skip("/>")) return "";
    if (!skip(">")) return "tag without end";
    if (name == "script" && (counts[name] > 1 || !skip(html_script()))) return "a script that is not the page's";
    open_.push_back(name);
    return "";
  }

  std::string_view rest_;
  std::vector<std::string> open_;
};

TrainingCurves sample_curves() {
  TrainingCurves curves;
  curves.layers.resize(1);
  curves.layers[0].layer = 2;
  ExpertHistory history(2);
  for (int step = 1; step <= 300; ++step) {
    ++curves.lines;
    curves.loss.add(step, 3 + 6.0 / step);
    curves.lr.add(step, 0.001);
    curves.layers[0].cv_importance.add(step, 1.0 / step);
    curves.layers[0].cv_load.add(step, 2.0 / step);
    curves.layers[0].dead.add(step, 0);
    if (step % 100 == 0) curves.valid_ppl.push_back({static_cast<double>(step), 40});
    if (step % 100 == 0) history.add(step, {1, 2, step == 300 ? 0.0 : 3, 0});
  }
  curves.history.push_back(history);
  return curves;
}

}  // namespace

TEST_CASE("a page of ordinary text is well-formed and shows all its parts") {
  const TextShape shape;
  const std::string page =
      html_report(sample_report(shape, [](Index i) { return "word" + std::to_string(i); }), sample_curves());
  MarkupChecker checker(page);
  CHECK(checker.complaint() == "");
  CHECK(objection(page) == "");
  CHECK(checker.counts["article"] == 5);  // the dead expert has no card
  CHECK(checker.counts["svg"] == 4 + 1 + 3 + 5);
  CHECK(checker.counts["mark"] > 0);
  CHECK(page.find("Content-Security-Policy") != std::string::npos);
  CHECK(page.find("script-src &#39;" + html_script_source() + "&#39;") != std::string::npos);
  CHECK(checker.counts["script"] == 1);
  CHECK(page.find("Without a token in this text: 5.") != std::string::npos);
  CHECK(page.find("word7") != std::string::npos);
}

TEST_CASE("a short text is shown token by token with its experts, and empty charts are left out") {
  TextShape shape;
  shape.rows = 4;
  StatisticsReport report = sample_report(shape, [](Index i) { return "word" + std::to_string(i); });
  report.sentence = {{"</s>", "<b>", 0.25, {{{3, 0.75F}, {1, 0.25F}}}}, {"<b>", "x", 1e-6, {{}}}};
  const std::string page = html_report(report, sample_curves());
  MarkupChecker checker(page);
  CHECK(checker.complaint() == "");
  CHECK(page.find("<td>&lt;/s&gt;</td>") != std::string::npos);
  CHECK(page.find("title=\"expert 3 0.75, expert 1 0.25\">&lt;/s&gt;<sub>3</sub>") != std::string::npos);
  CHECK(page.find("<li title=\"expert 3\">3<small>0.75</small></li>") != std::string::npos);
  CHECK(page.find("experts of layer 2 (gate)") != std::string::npos);
  CHECK(page.find("0.25</td>") != std::string::npos);
  CHECK(page.find("too few to say") == std::string::npos);
  CHECK(page.find("Which labels go to which experts") == std::string::npos);
}

TEST_CASE("the axes of every chart say what they are") {
  const std::string page = html_report(sample_report({}, [](Index i) { return std::to_string(i); }), sample_curves());
  for (const char* label : {"optimizer step", "perplexity a token, logarithmic", "learning rate",
                            "coefficient of variation", "times the mean of all experts"})
    CHECK(page.find(std::string(">") + label + "</text>") != std::string::npos);
}

TEST_CASE("pages of hostile tokens, labels and names have no active element") {
  std::mt19937 random(1);
  TextShape shape;
  shape.rows = 4000;
  shape.vocabulary = 2000;
  shape.experts = 40;
  shape.labels = 12;
  for (int i = 0; i < 3; ++i) {
    std::map<Index, std::string> names;
    const auto name = [&](Index n) {
      if (names.count(n) == 0) names[n] = hostile_text(random, 10);
      return names[n];
    };
    const std::string page = html_report(sample_report(shape, name), sample_curves());
    CHECK(MarkupChecker(page).complaint() == "");
    CHECK(objection(page) == "");
    CHECK(page.find("<script") == page.rfind("<script"));
  }
}

TEST_CASE("the checker of these tests finds active elements") {
  const std::string head = "<!DOCTYPE html>\n";
  CHECK(MarkupChecker(head + "<p>fine &amp; well</p>").complaint() == "");
  for (const std::string bad :
       {"<p>", "<p></div>", "<script></script>", "<p onclick=\"x\"></p>", "<p title=\"a<b\"></p>", "a > b<p></p>",
        "<a href=\"http://x\"></a>", "<p>&nbsp;</p>", "<img src=\"x\"/>", "<p title=x></p>"})
    CHECK(MarkupChecker(head + bad).complaint() != "");
}

TEST_CASE("headings have an order, regions that scroll have names, and tables have heads") {
  const std::string page = html_report(sample_report({}, [](Index i) { return std::to_string(i); }), sample_curves());
  int level = 0;
  for (std::size_t at = page.find("<h"); at != std::string::npos; at = page.find("<h", at + 1)) {
    const char digit = page[at + 2];
    if (digit < '1' || digit > '6') continue;
    INFO(page.substr(at, 60));
    CHECK(digit - '0' <= level + 1);
    level = digit - '0';
  }
  std::size_t regions = 0, tables = 0;
  for (std::size_t at = page.find("class=\"scroll\""); at != std::string::npos;
       at = page.find("class=\"scroll\"", at + 1)) {
    ++regions;
    const std::string tag = page.substr(at, page.find('>', at) - at);
    CHECK(tag.find("role=\"region\" aria-label=\"") != std::string::npos);
    CHECK(tag.find("tabindex=\"0\"") != std::string::npos);
  }
  for (std::size_t at = page.find("<table"); at != std::string::npos; at = page.find("<table", at + 1)) {
    ++tables;
    CHECK(page.substr(at, 200).find("<caption>") != std::string::npos);
  }
  CHECK(regions > tables);
  CHECK(tables >= 3);
}

TEST_CASE("the experts over training: who died, who moved") {
  const std::string page = html_report(sample_report({}, [](Index i) { return std::to_string(i); }), sample_curves());
  CHECK(page.find("its experts over training") != std::string::npos);
  CHECK(page.find("<dt>Never had a token</dt><dd>3</dd>") != std::string::npos);
  CHECK(page.find("<dd>2 (300)</dd>") != std::string::npos);
  CHECK(page.find("2: 2.00 to 0.00; 1: 1.33 to 2.67; 0: 0.67 to 1.33") != std::string::npos);
}

TEST_CASE("a page of a sentence shows no statistics of its few tokens") {
  StatisticsReport report = sample_report({}, [](Index i) { return std::to_string(i); });
  report.only_sentence = true;
  report.sentence = {{"</s>", "a", 0.25, {{{3, 0.75F}}}}};
  const std::string page = html_report(report, sample_curves());
  MarkupChecker checker(page);
  CHECK(checker.complaint() == "");
  CHECK(checker.counts["article"] == 0);
  CHECK(checker.counts["input"] == 0);
}

TEST_CASE("any number of experts makes a page of reasonable size") {
  for (const Index experts : {2, 4, 97, 4096}) {
    TextShape shape;
    shape.experts = experts;
    shape.k = experts == 2 ? 1 : 3;
    shape.rows = 3000;
    shape.vocabulary = 5000;
    const StatisticsReport report = sample_report(shape, [](Index i) { return std::to_string(i); });
    const std::string page = html_report(report, {});
    MarkupChecker checker(page);
    CHECK(checker.complaint() == "");
    CHECK(checker.counts["article"] <= 64);
    CHECK(page.size() < 3'000'000);
  }
}

TEST_CASE("a page without experts says so") {
  StatisticsReport report;
  report.title = "none";
  const std::string page = html_report(report, {});
  CHECK(MarkupChecker(page).complaint() == "");
  CHECK(page.find("no experts to show") != std::string::npos);
}
