#include "rescoring/nbest_line.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/quantity.hpp"

namespace moelm {

namespace {

constexpr std::string_view kSpaces = " \t\r\v\f";
constexpr std::string_view kBars = "|||";

/// Fields between white space, taken one after the other. Positions refer to the line.
class Fields {
 public:
  explicit Fields(std::string_view line) : line_(line) {}

  /// The next field, "" at the end.
  std::string_view next() {
    begin_ = std::min(line_.find_first_not_of(kSpaces, end_), line_.size());
    end_ = std::min(line_.find_first_of(kSpaces, begin_), line_.size());
    return line_.substr(begin_, end_ - begin_);
  }
  std::size_t end() const { return end_; }
  std::string_view rest() const { return line_.substr(end_); }
  std::string before() const { return std::string(line_.substr(0, end_)); }

 private:
  std::string_view line_;
  std::size_t begin_ = 0, end_ = 0;
};

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kSpaces);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpaces) + 1 - begin);
}

double number(std::string_view field, const std::string& name) {
  if (const auto value = parse_number(field)) return *value;
  throw NbestFault(name, "a number", field);
}

Index count_fields(std::string_view text) {
  Fields fields(text);
  Index count = 0;
  while (!fields.next().empty()) ++count;
  return count;
}

/// Sets the words of a hypothesis. Marks of its ends are not words: the model adds the end itself.
void set_words(std::string_view text, Hypothesis& h) {
  text = trimmed(text);
  if (Fields first(text); first.next() == "<s>") {
    h.marks = true;
    text = trimmed(first.rest());
  }
  const std::size_t last = text.find_last_of(kSpaces);
  if (text.substr(last == std::string_view::npos ? 0 : last + 1) == "</s>") {
    h.marks = true;
    text = last == std::string_view::npos ? std::string_view() : trimmed(text.substr(0, last));
  }
  h.words = text;
  h.word_count = count_fields(text);
}

Hypothesis parse_kaldi(std::string_view line) {
  Fields fields(line);
  Hypothesis h;
  h.id = fields.next();
  h.before = fields.before();
  h.after = fields.rest();
  set_words(fields.rest(), h);
  return h;
}

Hypothesis parse_srilm(std::string_view line) {
  Fields fields(line);
  Hypothesis h;
  h.scores.emplace_back("ascore", number(fields.next(), "ascore"));
  h.before = fields.before();
  h.scores.emplace_back("lscore", number(fields.next(), "lscore"));
  h.replaced = line.substr(h.before.size(), fields.end() - h.before.size());
  h.after = fields.rest();
  const std::string_view field = fields.next();
  const auto words = parse_index(field);
  if (!words || *words < 0) throw NbestFault("nwords", "a number of words", field);
  // Fewer are allowed: pauses and marks of the ends are not counted everywhere.
  const Index found = count_fields(fields.rest());
  if (found < *words)
    throw NbestFault("words", format_counted(*words, "word") + ", as nwords says", format_counted(found, "word"));
  set_words(fields.rest(), h);
  return h;
}

Hypothesis parse_decipher(std::string_view line) {
  Fields fields(line);
  Hypothesis h;
  const std::string_view field = fields.next();
  if (field.size() < 3 || field.front() != '(' || field.back() != ')')
    throw NbestFault("score", "a number in brackets", field);
  h.scores.emplace_back("score", kBytelog * number(field.substr(1, field.size() - 2), "score"));
  h.replaced = field;
  h.after = fields.rest();
  set_words(fields.rest(), h);
  return h;
}

/// The positions of "|||" between white space or the ends of the line.
std::vector<std::size_t> find_bars(std::string_view line) {
  std::vector<std::size_t> found;
  Fields fields(line);
  for (std::string_view field = fields.next(); !field.empty(); field = fields.next())
    if (field == kBars) found.push_back(fields.end() - kBars.size());
  return found;
}

Hypothesis parse_moses(std::string_view line) {
  const std::vector<std::size_t> bars = find_bars(line);
  if (bars.size() < 2)
    throw NbestFault("fields", "id ||| words ||| features ||| score",
                     format_counted(static_cast<Index>(bars.size()) + 1, "field"));
  const auto field = [&](std::size_t i) {
    const std::size_t begin = i == 0 ? 0 : bars[i - 1] + kBars.size();
    return line.substr(begin, (i < bars.size() ? bars[i] : line.size()) - begin);
  };
  Hypothesis h;
  h.id = trimmed(field(0));
  const auto id = parse_index(h.id);
  if (!id || *id < 0) throw NbestFault("id", "the number of a sentence", h.id);
  set_words(field(1), h);
  h.features = trimmed(field(2));
  h.before = line.substr(0, bars.size() > 2 ? bars[2] : line.size());
  h.before.erase(h.before.find_last_not_of(kSpaces) + 1);
  if (bars.size() > 2) {
    h.scores.emplace_back("score", number(trimmed(field(3)), "score"));
    h.replaced = trimmed(field(3));
    if (bars.size() > 3) h.after = " " + std::string(line.substr(bars[3]));
  }
  return h;
}

/// Whether a field of Moses's features is a name: "LM0=" or, in older lists, "lm:".
bool is_feature_name(std::string_view field) {
  return field.size() > 1 && (field.back() == '=' || field.back() == ':');
}

/// The values of a feature; several features of one name follow each other.
std::vector<double> feature_values(std::string_view features, std::string_view name) {
  std::vector<double> values;
  Fields fields(features);
  std::string_view current;
  for (std::string_view field = fields.next(); !field.empty(); field = fields.next()) {
    if (is_feature_name(field))
      current = field.substr(0, field.size() - 1);
    else if (current == name)
      values.push_back(number(field, "feature " + std::string(name)));
  }
  return values;
}

double moses_feature(std::string_view features, std::string_view name) {
  const std::vector<double> whole = feature_values(features, name);
  if (whole.size() == 1) return whole[0];
  if (whole.size() > 1)
    throw NbestFault("feature " + std::string(name), "one value (" + std::string(name) + ".1 is the first of several)",
                     format_counted(static_cast<Index>(whole.size()), "value"));
  const std::size_t point = name.rfind('.');
  const auto place = point == std::string_view::npos ? std::nullopt : parse_index(name.substr(point + 1));
  if (place && *place >= 1) {
    const std::vector<double> values = feature_values(features, name.substr(0, point));
    if (*place <= static_cast<Index>(values.size())) return values[static_cast<std::size_t>(*place - 1)];
  }
  throw NbestFault("features", std::string(name), features);
}

}  // namespace

NbestFault::NbestFault(const std::string& field, const std::string& expected, std::string_view found)
    : std::runtime_error(field + ": expected " + expected + ", found " + (found.empty() ? "nothing" : excerpt(found))) {
}

double Hypothesis::value(std::string_view name) const {
  for (const auto& [known, score] : scores)
    if (known == name) return score;
  if (name == "words") return static_cast<double>(word_count);
  if (features.empty()) throw NbestFault("score " + std::string(name), "a number", "");
  return moses_feature(features, name);
}

Hypothesis parse_hypothesis(NbestFormat format, bool decipher, std::string_view line) {
  if (format == NbestFormat::kaldi) return parse_kaldi(line);
  if (format == NbestFormat::moses) return parse_moses(line);
  return decipher ? parse_decipher(line) : parse_srilm(line);
}

std::optional<NbestFormat> detect_format(std::string_view line) {
  if (trimmed(line) == kDecipherHeader || trimmed(line) == kDetailedHeader) return NbestFormat::srilm;
  if (find_bars(line).size() >= 2) return NbestFormat::moses;
  Fields fields(line);
  const std::string_view ascore = fields.next(), lscore = fields.next(), words = fields.next();
  if (!parse_number(ascore) || !parse_number(lscore)) return std::nullopt;
  const auto count = parse_index(words);
  // Digits may be words too, so a number with a sign or a point has to be among the scores.
  const bool scores = (std::string(ascore) + std::string(lscore)).find_first_of("-.") != std::string::npos;
  if (!scores || !count || *count != count_fields(fields.rest())) return std::nullopt;
  return NbestFormat::srilm;
}

std::string numbered_name(const std::string& id) {
  const std::size_t dash = id.rfind('-');
  const auto number = dash == std::string::npos ? std::nullopt : parse_index(std::string_view(id).substr(dash + 1));
  if (!number || *number < 0 || dash == 0) throw NbestFault("id", "NAME-N (--numbered-ids)", id);
  return id.substr(0, dash);
}

}  // namespace moelm
