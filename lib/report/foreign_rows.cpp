#include "report/foreign_rows.hpp"

#include <cmath>

#include "base/check.hpp"
#include "base/escape.hpp"
#include "base/quantity.hpp"
#include "evaluation/score_number.hpp"

namespace moelm {

namespace {

/// As SRILM prints logarithms and perplexities.
std::string srilm_number(double value) { return format_printf("%.7g", value); }

/// 10^(-log10 / count), as both tools define perplexity. Of no tokens, SRILM's is "undefined" and KenLM's "nan".
double perplexity(double log10, Index count) {
  return count > 0 ? std::pow(10.0, -log10 / static_cast<double>(count)) : std::nan("");
}

std::string srilm_perplexity(double log10, Index count) {
  return count > 0 ? srilm_number(perplexity(log10, count)) : "undefined";
}

/// A word between "p(" and "|", or the one after "|", such that SRILM's scripts find the fields: they look for the
/// first
/// "| " and for the first ")" behind it.
std::string srilm_word(std::string_view spelled) {
  std::string word;
  for (const char c : spelled) word += c == '|' ? "\\u{7c}" : c == ')' ? "\\u{29}" : std::string(1, c);
  return word;
}

}  // namespace

void ForeignRows::Sums::add(const Sums& other) {
  sentences += other.sentences;
  words += other.words;
  unknown += other.unknown;
  log10 += other.log10;
  log10_unknown += other.log10_unknown;
}

ForeignRows::ForeignRows(const Tokenizer& tokenizer, ForeignFormat format, ForeignLevel level)
    : tokenizer_(tokenizer), format_(format), level_(level), context_("<s>") {
  require(!tokenizer.keeps_bytes(), Exit::bad_config,
          "--format: expected a model of words (tokenizer text or word), found " +
              std::string(enum_name(tokenizer.kind())) + "; --per-token prints its tokens");
}

void ForeignRows::append(std::span<const ScoredPart> parts, std::string& out) {
  for (const ScoredPart& scored : parts) {
    for (std::size_t i = 0; i < scored.nll.size(); ++i) {
      const std::int32_t token = scored.part.ids[i];
      const double log10 = log10_of_nll(scored.nll[i]);
      // KenLM counts `<unk>` in the text as an unknown word too.
      const bool end = token == tokenizer_.end_id(), unknown = token == tokenizer_.unknown_id();
      // KenLM shows unknown words as they stand in the text.
      const bool surface = unknown && format_ == ForeignFormat::kenlm && !scored.part.surface.empty();
      const std::string spelled = escape_field(surface ? scored.part.surface[i] : tokenizer_.token_text(token));
      if (level_ == ForeignLevel::word) append_word(token, spelled, log10, rows_);
      if (!end && level_ != ForeignLevel::summary) words_ += (words_.empty() ? "" : " ") + spelled;
      line_.add({end ? 1 : 0, end ? 0 : 1, unknown ? 1 : 0, log10, unknown ? log10 : 0});
      context_ = end ? "<s>" : spelled;
      open_ = true;
    }
    if (scored.part.ends_line) append_sentence(out);
  }
}

void ForeignRows::append_word(std::int32_t token, std::string_view spelled, double log10, std::string& line) {
  const std::string word(spelled);
  if (format_ == ForeignFormat::kenlm) {
    // A number of 0 says that the word is unknown.
    line += word + "=" + std::to_string(token == tokenizer_.unknown_id() ? 0 : token + 1) + " 0 " +
            score_number(log10) + "\t";
    return;
  }
  // One word of context, and dots where the model has read more.
  const std::string more = words_.empty() ? " " : " ...";
  line += "\tp( " + srilm_word(word) + " | " + srilm_word(context_) + more + ") \t= [moe] " +
          srilm_number(std::pow(10.0, log10)) + " [ " + score_number(log10) + " ]\n";
}

void ForeignRows::append_sentence(std::string& out) {
  if (format_ == ForeignFormat::kenlm) {
    if (level_ != ForeignLevel::summary)
      out += rows_ + "Total: " + score_number(line_.log10) + " OOV: " + std::to_string(line_.unknown) + "\n";
  } else if (level_ != ForeignLevel::summary) {
    out += words_ + "\n" + rows_ + srilm_sums(line_) + "\n";
  }
  text_.add(line_);
  line_ = {};
  words_.clear();
  rows_.clear();
  open_ = false;
}

std::string ForeignRows::srilm_sums(const Sums& sums) {
  return std::to_string(sums.sentences) + " sentences, " + std::to_string(sums.words) + " words, 0 OOVs\n" +
         "0 zeroprobs, logprob= " + srilm_number(sums.log10) +
         " ppl= " + srilm_perplexity(sums.log10, sums.words + sums.sentences) +
         " ppl1= " + srilm_perplexity(sums.log10, sums.words) + "\n";
}

void ForeignRows::finish(const std::string& text_name, std::string& out) {
  if (open_) append_sentence(out);
  if (format_ == ForeignFormat::srilm) {
    out += "file " + escape_terminal(text_name) + ": " + srilm_sums(text_);
    return;
  }
  const Index tokens = text_.words + text_.sentences;
  const double excluding = perplexity(text_.log10 - text_.log10_unknown, tokens - text_.unknown);
  out += "Perplexity including OOVs:\t" + score_number(perplexity(text_.log10, tokens)) +
         "\nPerplexity excluding OOVs:\t" + score_number(excluding) + "\nOOVs:\t" + std::to_string(text_.unknown) +
         "\nTokens:\t" + std::to_string(tokens) + "\n";
}

}  // namespace moelm
