#include "comparison/same_tokens.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/escape.hpp"
#include "base/quantity.hpp"
#include "tokenizer/equal_tokens.hpp"

namespace moelm {

namespace {

std::string describe(const TokenScores& scores, Index t) {
  const TokenPlace place = scores.place(t);
  return "line " + std::to_string(place.line) + ", position " + std::to_string(place.position);
}

std::string quoted(const std::string& token) { return escape_terminal(excerpt(token)); }

}  // namespace

std::optional<std::string> token_difference(const TokenScores& expected, const TokenScores& found) {
  const Index both = std::min(expected.tokens(), found.tokens());
  for (Index t = 0; t < both; ++t) {
    const std::string row =
        found.name() + ": row " + std::to_string(t + 1) + " (" + describe(found, t) + "): expected ";
    if (!(expected.place(t) == found.place(t)))
      return row + describe(expected, t) + " as in " + expected.name() + ", found " + describe(found, t);
    if (expected.token(t) != found.token(t))
      return row + "the token " + quoted(expected.token(t)) + " as in " + expected.name() + ", found " +
             quoted(found.token(t));
  }
  if (expected.tokens() == found.tokens()) return std::nullopt;
  return found.name() + ": rows: expected " + format_counted(expected.tokens(), "token") + " as in " + expected.name() +
         ", found " + format_count(found.tokens());
}

void require_same_tokens(const TokenScores& expected, const TokenScores& found, const std::string& hint) {
  if (const auto difference = token_difference(expected, found)) throw Error(Exit::bad_data, *difference + hint);
}

bool other_tokenizers(const TokenScores& a, const TokenScores& b) {
  return a.tokenizer() != nullptr && b.tokenizer() != nullptr && !equal_tokens(*a.tokenizer(), *b.tokenizer());
}

}  // namespace moelm
