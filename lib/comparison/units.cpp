#include "comparison/units.hpp"

#include <algorithm>
#include <numeric>

namespace moelm {

namespace {

/// Tokens [begin, end) of one line.
struct Line {
  Index begin = 0, end = 0;
};

bool is_end(const std::string& token) { return token == kEndText || token == "\n"; }

bool is_white(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// Whether tokens are pieces of words, with the white space between words among them.
bool has_pieces(const TokenScores& scores) {
  if (scores.tokenizer() != nullptr) return scores.tokenizer()->keeps_bytes();
  const auto& distinct = scores.distinct();
  return std::find(distinct.begin(), distinct.end(), "\n") != distinct.end();
}

/// Words of a line: its tokens but for line ends, or what stands between white space.
Index words_of(const TokenScores& scores, Line line, bool pieces) {
  Index words = 0;
  bool in_word = false;
  for (Index t = line.begin; t < line.end; ++t) {
    const std::string& token = scores.token(t);
    if (token == kEndText) continue;
    if (!pieces) {
      ++words;
      continue;
    }
    for (const char c : token) {
      words += !in_word && !is_white(c) ? 1 : 0;
      in_word = !is_white(c);
    }
  }
  return words;
}

bool is_blank(const TokenScores& scores, Line line) {
  for (Index t = line.begin; t < line.end; ++t)
    if (!is_end(scores.token(t))) return false;
  return true;
}

/// A blank line, or one that the `</s>` of a document of bytes follows.
bool ends_document(const TokenScores& scores, Line line) {
  return is_blank(scores, line) || (is_end(scores.token(line.end - 1)) && is_end(scores.token(line.end - 2)));
}

std::vector<Line> lines_of(const TokenScores& scores) {
  std::vector<Line> lines;
  std::size_t source = 0;
  for (Index t = 0; t < scores.tokens(); ++t) {
    const bool next_source = t == scores.sources()[source].end;
    while (t >= scores.sources()[source].end) ++source;
    if (lines.empty() || next_source || scores.place(t).line != scores.place(lines.back().begin).line)
      lines.push_back({t, t});
    lines.back().end = t + 1;
  }
  return lines;
}

/// Ends a part of the text after the last unit, if a unit came since the end before.
void end_part(Index units, std::vector<Index>& ends) {
  if (units > (ends.empty() ? 0 : ends.back())) ends.push_back(units);
}

}  // namespace

Units make_units(const TokenScores& scores, UnitKind kind) {
  Units units;
  units.kind = kind;
  const bool pieces = has_pieces(scores);
  std::size_t source = 0;
  bool text_since_end = false;  // blank lines in a row end one document
  for (const Line line : lines_of(scores)) {
    for (; line.begin >= scores.sources()[source].end; ++source) {
      units.source_ends.push_back(units.size());
      end_part(units.size(), units.document_ends);
      text_since_end = false;
    }
    if (kind == UnitKind::line) {
      units.weights.push_back(static_cast<double>(words_of(scores, line, pieces) + 1));
      units.token_ends.push_back(line.end);
    } else {
      units.weights.insert(units.weights.end(), static_cast<std::size_t>(line.end - line.begin), 1.0);
      for (Index t = line.begin; t < line.end; ++t) units.token_ends.push_back(t + 1);
    }
    const Index source_begin = units.source_ends.empty() ? 0 : units.source_ends.back();
    text_since_end = text_since_end || !is_blank(scores, line);
    if (!ends_document(scores, line)) continue;
    if (text_since_end)
      end_part(units.size(), units.document_ends);
    else if (!units.document_ends.empty() && units.document_ends.back() > source_begin)
      units.document_ends.back() = units.size();
    text_since_end = false;
  }
  while (units.source_ends.size() < scores.sources().size()) units.source_ends.push_back(units.size());
  end_part(units.size(), units.document_ends);
  return units;
}

std::vector<double> unit_nll(const Units& units, const TokenScores& scores) {
  std::vector<double> sums;
  sums.reserve(units.weights.size());
  Index begin = 0;
  for (const Index end : units.token_ends) {
    sums.push_back(std::accumulate(scores.nll().begin() + begin, scores.nll().begin() + end, 0.0));
    begin = end;
  }
  return sums;
}

Blocks make_blocks(const Units& units, std::optional<Index> size) {
  if (!size && static_cast<Index>(units.document_ends.size()) >= kMinDocuments) return {true, 0, units.document_ends};
  Blocks blocks{false, size.value_or(kDefaultBlock), {}};
  double weight = 0;
  std::size_t source = 0;
  for (Index u = 0; u < units.size(); ++u) {
    weight += units.weights[u];
    while (source < units.source_ends.size() && units.source_ends[source] <= u) ++source;
    const bool source_ends = source < units.source_ends.size() && units.source_ends[source] == u + 1;
    if (weight < static_cast<double>(blocks.size) && !source_ends && u + 1 < units.size()) continue;
    blocks.ends.push_back(u + 1);
    weight = 0;
  }
  return blocks;
}

}  // namespace moelm
