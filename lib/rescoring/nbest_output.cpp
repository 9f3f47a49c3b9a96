#include "rescoring/nbest_output.hpp"

#include "base/check.hpp"
#include "base/escape.hpp"
#include "evaluation/score_number.hpp"
#include "io/json.hpp"

namespace moelm {

namespace {

/// The feature that lists of Moses get.
constexpr const char* kFeature = "moelm=";

std::string moses_line(const Hypothesis& h, const RescoredHypothesis& s, const NbestStyle& style) {
  std::string line = h.before + " " + kFeature + " " + score_number(s.score);
  const bool total = style.mixed || style.rows == NbestRows::replace;
  if (total || !h.replaced.empty()) line += " ||| " + (total ? score_number(s.total) : h.replaced);
  return line + h.after;
}

std::string line_of(const Hypothesis& h, NbestFormat format, const RescoredHypothesis& s, const NbestStyle& style) {
  if (format == NbestFormat::moses) return moses_line(h, s, style);
  const std::string total = score_number(s.total);
  if (style.rows == NbestRows::replace) {
    const bool bytelogs = h.replaced.starts_with('(');
    return h.before + (bytelogs ? "(" + score_number(s.total / kBytelog) + ")" : " " + total) + h.after;
  }
  return h.before + h.replaced + " " + score_number(s.score) + (style.mixed ? " " + total : "") + h.after;
}

std::string row_of(const Hypothesis& h, NbestFormat format, const RescoredHypothesis& s, const NbestStyle& style) {
  if (style.rows == NbestRows::best) return (format == NbestFormat::kaldi ? h.id + " " : "") + h.words;
  if (style.rows == NbestRows::scores)
    return (format == NbestFormat::kaldi ? h.before + " " : "") + score_number(s.total);
  return line_of(h, format, s, style);
}

}  // namespace

std::size_t best_of(std::span<const RescoredHypothesis> scores) {
  ensure(!scores.empty(), "a list has a best hypothesis");
  std::size_t best = 0;
  for (std::size_t i = 1; i < scores.size(); ++i)
    if (scores[i].total > scores[best].total) best = i;
  return best;
}

void append_list(const NbestList& list, NbestFormat format, std::span<const RescoredHypothesis> scores,
                 const NbestStyle& style, std::string& out) {
  const std::vector<Hypothesis>& all = list.hypotheses;
  if (style.rows == NbestRows::best) {
    if (all.empty()) return;
    const std::size_t best = best_of(scores);
    out += row_of(all[best], format, scores[best], style) + "\n";
    return;
  }
  if (list.header && style.rows != NbestRows::scores) out += std::string(kDecipherHeader) + "\n";
  for (std::size_t i = 0; i < all.size(); ++i) out += row_of(all[i], format, scores[i], style) + "\n";
  if (list.empty_line) out += "\n";
}

void append_json(const NbestList& list, const std::string& file, std::span<const RescoredHypothesis> scores,
                 const NbestStyle& style, std::string& out) {
  if (list.hypotheses.empty()) return;
  const std::size_t best = best_of(scores);
  for (std::size_t i = 0; i < list.hypotheses.size(); ++i) {
    if (style.best_only && i != best) continue;
    const Hypothesis& h = list.hypotheses[i];
    Json object = {{"type", "hypothesis"},       {"file", to_valid_utf8(file)},     {"line", h.line},
                   {"id", to_valid_utf8(h.id)},  {"words", to_valid_utf8(h.words)}, {"score", scores[i].score},
                   {"tokens", scores[i].tokens}, {"oov", scores[i].unknown_words},  {"best", i == best}};
    if (style.mixed) object["total"] = scores[i].total;
    out += json_text(object) + "\n";
  }
}

}  // namespace moelm
