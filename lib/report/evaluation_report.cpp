#include "report/evaluation_report.hpp"

#include <cmath>

#include "base/escape.hpp"
#include "base/quantity.hpp"
#include "evaluation/score_summary.hpp"
#include "report/report_line.hpp"
#include "terminal/format.hpp"

namespace moelm {

namespace {

double speed(const EvaluationReport& r) {
  return r.seconds > 0 ? static_cast<double>(r.result.scores.tokens) / r.seconds : 0;
}

std::string share(Index part, Index whole) {
  if (whole == 0) return "";
  return " (" + format_percent(static_cast<double>(part) / static_cast<double>(whole), 2) + " of the words)";
}

double rank_share(const RankCounts& ranks, std::size_t limit) {
  return static_cast<double>(ranks.within[limit]) / static_cast<double>(ranks.tokens);
}

/// "38.2 % first, 61.0 % among 5, 69.4 % among 10".
std::string rank_text(const RankCounts& ranks) {
  std::string text;
  for (std::size_t i = 0; i < RankCounts::kLimits.size(); ++i) {
    const Index limit = RankCounts::kLimits[i];
    text += (text.empty() ? "" : ", ") + (limit == 1 ? "most probable" : "among " + std::to_string(limit)) + " in " +
            format_percent(rank_share(ranks, i), 2);
  }
  return text;
}

/// {"tokens", "first_1", "first_5", "first_10": counts, "mean_reciprocal"}.
Json rank_json(const RankCounts& ranks) {
  Json object = {{"tokens", ranks.tokens}};
  for (std::size_t i = 0; i < RankCounts::kLimits.size(); ++i)
    object["first_" + std::to_string(RankCounts::kLimits[i])] = ranks.within[i];
  object["mean_reciprocal"] = value_or_null(ranks.reciprocal / static_cast<double>(ranks.tokens));
  return object;
}

}  // namespace

EvaluationReport empty_report(const LoadedModel& model, const EvaluationPolicy& policy, DataType dtype) {
  const Tokenizer& tokenizer = *model.tokenizer;
  EvaluationReport report;
  report.tokenizer =
      std::string(enum_name(tokenizer.kind())) + ", " + format_counted(tokenizer.vocabulary_size(), "token");
  report.checkpoint = model.checkpoint;
  report.step = model.step;
  report.policy = policy;
  report.has_unknown = !tokenizer.keeps_bytes();
  report.unknown_seen = report.has_unknown && tokenizer.count(tokenizer.unknown_id()) > 0;
  report.dtype = data_type_name(dtype);
  return report;
}

std::vector<std::string> evaluation_notes(const EvaluationReport& r) {
  std::vector<std::string> notes;
  for (const std::string& note : text_notes(r.result.text, !r.has_unknown)) notes.push_back(r.text_name + ": " + note);
  const Index unknown = r.result.text.unknown_words;
  if (unknown > 0 && !r.unknown_seen)
    notes.push_back("<unk> never occurs in the training tokens, so the " + format_counted(unknown, "unknown word") +
                    (unknown == 1 ? " costs more than it should;" : " cost more than they should;") +
                    " tokenize with --min-count 2 and train again");
  return notes;
}

std::string policy_line(const EvaluationReport& r) {
  std::string text = "state=" + std::string(enum_name(r.policy.state));
  if (r.policy.state == StateKind::reset)
    text += " (every line from the zero state)";
  else if (r.policy.streams > 1)
    text += " streams=" + std::to_string(r.policy.streams) + " (an approximation: the text is cut into as many)";
  else
    text += " streams=1 (exact)";
  text += r.has_unknown ? " oov=scored-as-<unk>" : " oov=none";
  return text + " eos=counted bos=context-only dtype=" + r.dtype + " " + adaptation_label(r.adaptation);
}

double static_perplexity(const EvaluationReport& r) {
  if (!r.adaptation.active()) return r.result.scores.perplexity();
  return r.result.scores.tokens > 0 ? std::exp(r.adaptation.static_nll / static_cast<double>(r.result.scores.tokens))
                                    : std::nan("");
}

std::string evaluation_text(const EvaluationReport& r) {
  const Evaluation& scores = r.result.scores;
  const TextFacts& text = r.result.text;
  std::string out = report_line("text", escape_terminal(r.text_name) + " (" + r.tokenizer + ")");
  out += report_line("model", escape_terminal(r.checkpoint) + " (step " + format_count(r.step) + ")");
  out += report_line("policy", policy_line(r));
  out += report_line("tokens", format_count(scores.tokens) + " predicted, of " + format_counted(text.words, "word") +
                                   " in " + format_counted(text.lines, "line"));
  if (r.has_unknown)
    out += report_line("unknown words", format_count(text.unknown_words) + share(text.unknown_words, text.words) +
                                            ", literal <unk> " + format_count(text.literal_unknown));
  out += report_line("nll", format_fixed(scores.nll, 3) + " nats: unknown words " + format_fixed(scores.nll_oov, 3) +
                                ", </s> " + format_fixed(scores.nll_eos, 3));
  out +=
      report_line("perplexity", format_measure(scores.perplexity(), 6) + " a token, " +
                                    format_measure(r.result.perplexity_per_word(), 6) + " a word (line ends counted)" +
                                    (r.adaptation.active() ? ", with " + r.adaptation.kind() : ""));
  if (r.adaptation.active())
    out += report_line("static", format_measure(static_perplexity(r), 6) + " a token without " + r.adaptation.kind() +
                                     ": the perplexity to compare with others");
  out +=
      report_line("bits", format_measure(r.result.bits_per_token(), 5) + " a token, " +
                              format_measure(r.result.bits_per_byte(), 5) + " a byte of " + format_count(text.bytes) +
                              (r.result.lossless ? "" : " (too low: the tokens do not contain the whole text)"));
  if (r.ranks) out += report_line("right token", rank_text(*r.ranks));
  out +=
      report_line("time", format_measure(r.seconds, 3) + " s, " + format_count(std::llround(speed(r))) + " tokens/s");
  return out;
}

Json evaluation_json(const EvaluationReport& r) {
  Json summary = score_summary(r.text_name, r.result);
  summary.update({{"checkpoint", to_valid_utf8(r.checkpoint)},
                  {"step", r.step},
                  {"adaptation", adaptation_json(r.adaptation)},
                  {"static_perplexity", value_or_null(static_perplexity(r))},
                  {"dtype", r.dtype},
                  {"policy", policy_line(r)},
                  {"state", enum_name(r.policy.state)},
                  {"streams", r.policy.state == StateKind::reset ? Json(nullptr) : Json(r.policy.streams)},
                  {"seconds", r.seconds},
                  {"tokens_per_s", speed(r)}});
  if (r.ranks) summary["rank"] = rank_json(*r.ranks);
  return summary;
}

}  // namespace moelm
