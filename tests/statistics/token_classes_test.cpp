// Classes of tokens and labels of lines.
#include "statistics/token_classes.hpp"

#include <map>
#include <sstream>

#include "base/error.hpp"
#include "statistics/label_parser.hpp"
#include "statistics/routes_writer.hpp"
#include "support/catch.hpp"

using namespace moelm;

namespace {

VocabularyFacts facts(const std::vector<std::string>& words, const std::vector<Index>& counts) {
  VocabularyFacts v;
  v.size = static_cast<Index>(words.size());
  v.end_id = 1;
  v.unknown_id = 2;
  v.text = [&words](std::int32_t id) { return words[id]; };
  v.count = [&counts](std::int32_t id) { return counts[id]; };
  return v;
}

}  // namespace

TEST_CASE("tokens fall into classes by what they look like") {
  const std::vector<std::string> words = {"the",          "</s>",
                                          "<unk>",        ",",
                                          "1,000",        "Paul",
                                          "@-@",          "\xc3\xa9t\xc3\xa9",
                                          " And",         "-3.5",
                                          "1990s",        "",
                                          "\n",           "\xc3\x89t\xc3\xa9",
                                          "\xe2\x80\x94", "\xc3"};
  const std::vector<Index> counts(words.size(), 1);
  const TokenClasses c = classify_tokens(facts(words, counts));
  const auto name = [&](std::size_t id) { return c.names[c.token_class[id]]; };
  CHECK(name(1) == "</s>");
  CHECK(name(2) == "<unk>");
  for (const std::size_t id : {3, 6, 11, 12, 14}) CHECK(name(id) == "punctuation");
  for (const std::size_t id : {4, 9}) CHECK(name(id) == "number");
  for (const std::size_t id : {5, 8, 13}) CHECK(name(id) == "capitalised");
  for (const std::size_t id : {0, 7, 10, 15}) CHECK(c.token_class[id] >= 5);
}

TEST_CASE("deciles hold a tenth of the running words each, the frequent first") {
  std::vector<std::string> words = {"x", "</s>", "<unk>"};
  std::vector<Index> counts = {1, 50, 50};
  for (int i = 1; i <= 1000; ++i) {
    words.push_back(std::to_string(i) + "th");
    counts.push_back(1'000'000 / i);  // Zipf
  }
  const TokenClasses c = classify_tokens(facts(words, counts));
  CHECK(c.names.size() == 15);
  std::map<std::int32_t, double> mass;
  double total = 0;
  for (std::size_t id = 0; id < words.size(); ++id) {
    if (id == 1 || id == 2) continue;
    mass[c.token_class[id]] += static_cast<double>(counts[id]);
    total += static_cast<double>(counts[id]);
    if (id > 3) CHECK(c.token_class[id] >= c.token_class[id - 1]);
  }
  for (const auto& [decile, m] : mass) {
    CHECK(decile >= 5);
    CHECK(m / total < 0.2);
  }
  CHECK(c.token_class[0] == 14);
}

namespace {

/// The labels of a file that comes in pieces of `piece` bytes.
std::vector<std::int32_t> parse(const std::string& text, const std::string& source, LabelSet& labels,
                                std::size_t piece = 1000) {
  LabelParser parser(source, labels);
  for (std::size_t i = 0; i < text.size(); i += piece) parser.add(std::string_view(text).substr(i, piece));
  const PackedIntegers packed = parser.finish();
  std::vector<std::int32_t> numbers(packed.size());
  packed.read(0, packed.size(), numbers.data());
  return numbers;
}

}  // namespace

TEST_CASE("labels: one per line, none on a blank line, numbered by appearance, without byte order mark") {
  for (const std::size_t piece : {1, 2, 3, 1000}) {
    LabelSet set;
    CHECK(parse("law\r\n\nsea \nlaw", "f", set, piece) == std::vector<std::int32_t>{0, -1, 1, 0});
    CHECK(parse("\xef\xbb\xbfsea\n\xef\xbb\xbfx", "g", set, piece) == std::vector<std::int32_t>{1, 2});
    CHECK(parse("", "g", set, piece).empty());
    CHECK(set.names() == std::vector<std::string>{"law", "sea", "\xef\xbb\xbfx"});
  }
}

TEST_CASE("a text instead of labels is refused by name, before it fills the memory") {
  LabelSet set;
  CHECK_THROWS_WITH(
      parse("a\n" + std::string(201, 'x'), "sea.txt", set),
      "sea.txt: line 2: expected a label of at most 200 bytes, found 201; give one label for each line of the "
      "text");
  LabelParser endless("blanks", set);
  CHECK_THROWS_AS(
      [&] {
        for (int i = 0; i < 100; ++i) endless.add(std::string(1000, ' '));
      }(),
      Error);
  std::string many;
  for (int i = 0; i <= LabelSet::kMaxLabels; ++i) many += std::to_string(i) + "\n";
  CHECK_THROWS_AS(parse(many, "sea.txt", set), Error);
}

TEST_CASE("routes: a line for each layer, chosen experts by falling gate, tokens escaped") {
  Routing first, second;
  first.rows = second.rows = 2;
  first.experts = second.experts = 4;
  first.begin = {0, 2, 4};
  second.begin = {0, 1, 2};
  first.expert = {0, 1, 2, 3};
  first.gate = {0.5F, 0.5F, 0.25F, 0.75F};
  second.expert = {0, 2};
  second.gate = {1, 1};
  std::ostringstream out;
  const std::vector<Index> layers = {2, 4};
  const std::vector<const Routing*> routings = {&first, &second};
  write_routes(out, {7, 3, "a\tb"}, 1, layers, routings);
  write_routes(out, {8, 3, "\"\""}, 0, layers, routings);
  CHECK(out.str() ==
        "7\t3\ta\\tb\t2\t3:0.75\t2:0.25\n7\t3\ta\\tb\t4\t2:1\n"
        "8\t3\t\\u{22}\"\t2\t0:0.5\t1:0.5\n8\t3\t\\u{22}\"\t4\t0:1\n");
}
