// A short text in the colors of its experts.
#include "report/sentence_report.hpp"

#include "base/escape.hpp"
#include "sample_report.hpp"
#include "support/catch.hpp"

using namespace moelm;

namespace {

StatisticsReport report_of(const std::vector<std::int32_t>& experts) {
  StatisticsReport report = sample_report({}, [](Index i) { return std::to_string(i); });
  for (const std::int32_t expert : experts) {
    RoutedToken row{"word", "next", 0.5, {{}}};
    if (expert >= 0) row.experts[0] = {{expert, 0.6F}, {expert + 1, 0.4F}};
    report.sentence.push_back(row);
  }
  return report;
}

std::string plain(const ColoredText& text) {
  std::string all;
  for (const ColoredPart& part : text) all += part.text;
  return all;
}

}  // namespace

TEST_CASE("experts get colors by how often they are first, and share them if there are too many") {
  const auto colors = expert_colors(report_of({7, 3, 3, 900, 3, 900}), 0, 2);
  CHECK(colors == std::map<std::int32_t, int>{{3, 0}, {900, 1}, {7, 0}});
}

TEST_CASE("tokens stand above their experts, in lines that fit") {
  StatisticsReport report = report_of({12345678, 3, -1});
  report.sentence[1].token = "\xe6\x97\xa5";
  const ColoredText text = colored_sentence(report, 14);
  CHECK(plain(text) ==
        "Layer 2, below each token read the expert with its highest gate:\n"
        "word     \xe6\x97\xa5 \n12345678 3  \n\nword \n-    \n\n");
  for (const ColoredPart& part : text) CHECK(part.color < kColors);
  CHECK(text[1].color == 1);  // expert 3 comes first
}

TEST_CASE("what could act on a terminal is escaped before its width is counted") {
  StatisticsReport report = report_of({1});
  report.sentence[0].token = "a\x1b[2J";
  CHECK(plain(colored_sentence(report, 80)).find("a\\u{1b}[2J \n1") != std::string::npos);
}
