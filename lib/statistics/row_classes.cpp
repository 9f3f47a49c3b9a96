#include "statistics/row_classes.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/error.hpp"
#include "base/quantity.hpp"
#include "io/short_names.hpp"
#include "statistics/label_parser.hpp"
#include "statistics/token_classes.hpp"
#include "text/text_source.hpp"

namespace moelm {
namespace {

PackedIntegers read_labels(const std::string& path, LabelSet& labels) {
  TextSource source = TextSource::open(path);
  LabelParser parser(source.name(), labels);
  std::string text(std::size_t{1} << 16, '\0');
  while (const std::size_t read = source.read_some(text.data(), text.size()))
    parser.add(std::string_view(text).substr(0, read));
  return parser.finish();
}

/// By length, then by bytes, so that topic2 comes before topic10.
void sort_by_name(RowClasses& classes) {
  std::vector<std::int32_t> order(classes.names.size()), place(classes.names.size());
  std::iota(order.begin(), order.end(), 0);
  const auto key = [&](std::int32_t i) { return std::pair(classes.names[i].size(), classes.names[i]); };
  std::sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) { return key(a) < key(b); });
  std::vector<std::string> names;
  for (std::size_t i = 0; i < order.size(); ++i) {
    place[order[i]] = static_cast<std::int32_t>(i);
    names.push_back(classes.names[order[i]]);
  }
  PackedIntegers line_class;
  for (Index line = 0; line < classes.line_class.size(); ++line) {
    const std::int32_t label = classes.line_class[line];
    line_class.push_back(label < 0 ? label : place[label]);
  }
  classes.line_class = std::move(line_class);
  classes.names = std::move(names);
}

}  // namespace

RowClasses classes_by_token(const Tokenizer& tokenizer) {
  VocabularyFacts facts;
  facts.size = tokenizer.vocabulary_size();
  facts.end_id = tokenizer.end_id();
  facts.unknown_id = tokenizer.unknown_id();
  facts.text = [&](std::int32_t id) { return tokenizer.token_text(id); };
  facts.count = [&](std::int32_t id) { return tokenizer.count(id); };
  TokenClasses classes = classify_tokens(facts);
  return {"token class", std::move(classes.names), std::move(classes.token_class), {}};
}

bool can_class_by_file(const StatisticsText& text) {
  return text.inputs.size() > 1 && static_cast<Index>(text.inputs.size()) <= LabelSet::kMaxLabels;
}

RowClasses classes_by_file(const StatisticsText& text) {
  LabelSet labels;
  std::vector<std::string> names;
  for (const TextInput& input : text.inputs) names.push_back(input.name);
  names = short_names(std::move(names));
  RowClasses classes{"input file", {}, {}, {}};
  PackedIntegers& line_class = classes.line_class;
  for (std::size_t i = 0; i < text.inputs.size(); ++i) {
    const std::int32_t label = labels.number(names[i], "input files");
    while (line_class.size() < text.inputs[i].begin) line_class.push_back(-1);
    while (line_class.size() < text.inputs[i].end) line_class.push_back(label);
  }
  while (line_class.size() < text.lines()) line_class.push_back(-1);
  classes.names = labels.names();
  return classes;
}

RowClasses classes_by_label(const StatisticsText& text, const std::string& path) {
  LabelSet labels;
  RowClasses classes{"label", {}, {}, read_labels(path, labels)};
  const Index found = classes.line_class.size();
  if (found != text.lines())
    throw Error(Exit::bad_data, path + ": lines: expected " + format_count(text.lines()) +
                                    ", one label for each line of the text, found " + format_count(found));
  classes.names = labels.names();
  sort_by_name(classes);
  return classes;
}

}  // namespace moelm
