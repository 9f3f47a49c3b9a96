#include "evaluation/score_rows.hpp"

#include "base/escape.hpp"
#include "io/json.hpp"

namespace moelm {

namespace {

void append_object(const Json& object, std::string& out) { out += json_text(object) + "\n"; }

const char* log_key(const LogBase& base) { return base.is_ten() ? "log10" : "log"; }

}  // namespace

void ScoreRows::append(std::span<const ScoredPart> parts, std::string& out) {
  for (const ScoredPart& scored : parts) {
    if (kind_ == RowKind::token) {
      append_tokens(scored, out);
      continue;
    }
    if (scored.part.document_end) continue;
    line_ = scored.part.line;
    tokens_ += static_cast<Index>(scored.nll.size());
    for (const double nll : scored.nll) nll_ += nll;
    for (const TokenFlag flag : scored.part.flags) unknown_words_ += flag == TokenFlag::unknown_word ? 1 : 0;
    if (scored.part.ends_line) append_sentence(out);
  }
}

void ScoreRows::finish(std::string& out) {
  if (tokens_ > 0) append_sentence(out);
}

void ScoreRows::append_sentence(std::string& out) {
  if (json_) {
    append_object({{"type", "sentence"},
                   {"line", line_},
                   {log_key(base_), base_.of_nll(nll_)},
                   {"tokens", tokens_},
                   {"oov", unknown_words_}},
                  out);
  } else {
    out += score_number(base_.of_nll(nll_)) + "\t" + std::to_string(tokens_) + "\t" + std::to_string(unknown_words_) +
           "\n";
  }
  tokens_ = unknown_words_ = 0;
  nll_ = 0;
}

void ScoreRows::append_tokens(const ScoredPart& scored, std::string& out) const {
  const LinePart& part = scored.part;
  for (std::size_t i = 0; i < part.ids.size(); ++i) {
    TokenRow row{part.line, part.first + static_cast<Index>(i) + 1, tokenizer_.token_text(part.ids[i]), scored.nll[i]};
    row.unknown_word = part.flags[i] == TokenFlag::unknown_word;
    if (row.unknown_word && !part.surface.empty()) row.surface = part.surface[i];
    append_token_row(row, json_, out, base_);
  }
}

void append_token_row(const TokenRow& row, bool json, std::string& out, const LogBase& base) {
  if (!json) {
    out += std::to_string(row.line) + "\t" + std::to_string(row.position) + "\t" + escape_field(row.token) + "\t" +
           score_number(base.of_nll(row.nll)) + "\n";
    return;
  }
  Json object = {{"type", "token"},
                 {"line", row.line},
                 {"position", row.position},
                 {"token", to_valid_utf8(row.token)},
                 {log_key(base), base.of_nll(row.nll)}};
  if (row.unknown_word) {
    object["oov"] = true;
    if (row.surface) object["text"] = to_valid_utf8(*row.surface);
  }
  append_object(object, out);
}

}  // namespace moelm
