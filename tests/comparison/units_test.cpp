// Units and blocks: what is paired, where documents end, and that blocks cover the text once.
#include "comparison/units.hpp"

#include "comparison/scores.hpp"
#include "support/catch.hpp"

using namespace moelm;

namespace {

TokenScores ones(const std::string& text) {
  return scores_of_text("a", text, [](Index) { return 1.0; });
}

std::string repeated(const std::string& text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

using Ends = std::vector<Index>;

}  // namespace

TEST_CASE("tokens weigh 1; lines weigh their words and their end") {
  const TokenScores scores = ones("the cat sat\n\na dog\n");
  const Units tokens = make_units(scores, UnitKind::token);
  CHECK(tokens.weights == std::vector<double>(8, 1));
  CHECK(tokens.token_ends == Ends{1, 2, 3, 4, 5, 6, 7, 8});
  const Units lines = make_units(scores, UnitKind::line);
  CHECK(lines.weights == std::vector<double>{4, 1, 3});
  CHECK(lines.token_ends == Ends{4, 5, 8});
  CHECK(unit_nll(lines, scores) == std::vector<double>{4, 1, 3});
}

TEST_CASE("blank lines end documents; several in a row end one, and none is lost") {
  const TokenScores scores = ones("\na b\nc\n\n\nd\n\ne f\n");
  // Lines: blank | a b, c | blank, blank | d | blank | e f
  CHECK(make_units(scores, UnitKind::line).document_ends == Ends{5, 7, 8});
  CHECK(make_units(scores, UnitKind::token).document_ends == Ends{8, 11, 14});
  CHECK(make_units(ones("\n\n"), UnitKind::token).document_ends == Ends{2});
  CHECK(make_units(ones("a\n"), UnitKind::token).document_ends == Ends{2});
}

TEST_CASE("the end of a source ends its document") {
  TokenScores scores("a", "text", "", nullptr);
  const auto one = [](Index) { return 1.0; };
  add_text("a b\nc\n", one, scores);
  scores.end_source("empty", scores.tokens());
  add_text("a\n\nb\n", one, scores);
  const Units lines = make_units(scores, UnitKind::line);
  CHECK(lines.weights == std::vector<double>{3, 2, 2, 1, 2});
  CHECK(lines.source_ends == Ends{2, 2, 5});
  CHECK(lines.document_ends == Ends{2, 4, 5});
  // A blank line at the begin of a source does not belong to the source before.
  add_text("\nc\n", one, scores);
  CHECK(make_units(scores, UnitKind::line).document_ends == Ends{2, 4, 5, 7});
}

TEST_CASE("pieces of bytes: words stand between white space, and </s> ends a document") {
  TokenScores scores("a", "text", "", nullptr);
  Index position = 0;
  for (const char* piece : {"th", "e", " ", "cat s", "at", "\n"}) scores.add({1, ++position}, piece, 0.5);
  scores.add({1, ++position}, "</s>", 0.5);
  scores.add({2, 1}, " ", 0.5);
  scores.add({2, 2}, "\n", 0.5);
  scores.end_source("text", scores.tokens());
  const Units lines = make_units(scores, UnitKind::line);
  CHECK(lines.weights == std::vector<double>{4, 1});
  CHECK(lines.token_ends == Ends{7, 9});
  CHECK(lines.document_ends == Ends{1, 2});
}

TEST_CASE("ten documents are the blocks; fewer give blocks of 2,000 tokens") {
  const TokenScores many = ones(repeated("a b c\n\n", 10)), few = ones(repeated("a b c\n\n", 9));
  const Blocks documents = make_blocks(make_units(many, UnitKind::token), {});
  CHECK(documents.documents);
  CHECK(documents.ends.size() == 10);
  CHECK(documents.ends.back() == 50);
  const Blocks blocks = make_blocks(make_units(few, UnitKind::token), {});
  CHECK_FALSE(blocks.documents);
  CHECK(blocks.size == 2000);
  CHECK(blocks.ends == Ends{45});
  CHECK(make_blocks(make_units(ones(repeated("a b c\n", 1001)), UnitKind::token), {}).ends == Ends{2000, 4000, 4004});
}

TEST_CASE("blocks of a size end where they reach it, and at the end of a source") {
  TokenScores scores("a", "text", "", nullptr);
  const auto one = [](Index) { return 1.0; };
  add_text("a b c d\ne\n", one, scores);  // 7 tokens
  add_text("a b c\n", one, scores);
  CHECK(make_blocks(make_units(scores, UnitKind::token), 3).ends == Ends{3, 6, 7, 10, 11});
  CHECK(make_blocks(make_units(scores, UnitKind::token), 1).ends.size() == 11);
  CHECK(make_blocks(make_units(scores, UnitKind::token), 100).ends == Ends{7, 11});
  // Lines are not cut.
  CHECK(make_blocks(make_units(scores, UnitKind::line), 3).ends == Ends{1, 2, 3});
}
