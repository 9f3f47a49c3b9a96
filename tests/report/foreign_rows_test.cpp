// What SRILM's and KenLM's own scripts would read from our scores in their forms.
#include <cmath>
#include <sstream>

#include "report/foreign_rows.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/tiny_data.hpp"
#include "tokenizer/byte_tokenizer.hpp"

using namespace moelm;

namespace {

/// Lines, each with its end; every token costs ln 10 times 1, 2, 3, ...
std::vector<ScoredPart> parts_of(const Tokenizer& tokenizer,
                                 const std::vector<std::string>& lines = {"the cat\n", "\n", "a zebra the\n"}) {
  std::vector<ScoredPart> parts;
  double cost = 0;
  for (const std::string& line : lines) {
    EncodedText encoded;
    encoded.keep_surface = true;
    tokenizer.encode(line, encoded);
    ScoredPart& scored = parts.emplace_back();
    scored.part.ids = encoded.ids;
    scored.part.flags = encoded.flags;
    scored.part.line = static_cast<Index>(parts.size());
    scored.part.ends_line = true;
    for (std::size_t i = 0; i < encoded.ids.size(); ++i) {
      scored.nll.push_back(std::log(10) * ++cost);
      scored.part.surface.emplace_back(encoded.surface_text(static_cast<Index>(i)));
    }
  }
  return parts;
}

std::string text_of(ForeignFormat format, ForeignLevel level) {
  const auto tokenizer = tiny_tokenizer(TokenizerKind::word, {"the", "cat", "a"});
  ForeignRows rows(*tokenizer, format, level);
  std::string out;
  rows.append(parts_of(*tokenizer), out);
  rows.finish("some text", out);
  return out;
}

/// The log10 values of SRILM's word lines, as compute-best-mix and ppl-from-log find them: in a line whose first field
/// is "p(", what stands from the first "| " to the next ")" is replaced by two fields; the tenth field is the value.
std::vector<double> values_of_scripts(const std::string& text) {
  std::vector<double> values;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("\tp( ")) continue;
    const std::size_t context = line.find("| "), end = line.find(')', context);
    std::istringstream fields(line.replace(context, end + 1 - context, "| X )"));
    std::string field;
    for (int i = 0; i < 10; ++i) fields >> field;
    values.push_back(std::atof(field.c_str()));
  }
  return values;
}

/// The same in lines whose words hold none of their marks, field by field from the end.
std::vector<double> word_values(const std::string& text) {
  std::vector<double> values;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::vector<std::string> all;
    for (std::string field; fields >> field;) all.push_back(field);
    if (all.empty() || all[0] != "p(") continue;
    REQUIRE(all.size() >= 11);
    const std::size_t n = all.size();
    CHECK(all[2] == "|");
    CHECK(all[n - 6] == "=");
    CHECK(all[n - 5] == "[moe]");
    CHECK(all[n - 3] == "[");
    CHECK(all[n - 1] == "]");
    CHECK(std::stod(all[n - 4]) == Approx(std::pow(10, std::stod(all[n - 2]))));
    values.push_back(std::stod(all[n - 2]));
  }
  return values;
}

}  // namespace

TEST_CASE("srilm: the summary has the counts and perplexities of its definition") {
  const std::string text = text_of(ForeignFormat::srilm, ForeignLevel::summary);
  // 8 tokens cost 36: 5 words and 3 ends.
  CHECK(text ==
        "file some text: 3 sentences, 5 words, 0 OOVs\n0 zeroprobs, logprob= -36 ppl= 31622.78 ppl1= 1.584893e+07\n");
}

TEST_CASE("srilm: sentences and words above it") {
  const std::string sentences = text_of(ForeignFormat::srilm, ForeignLevel::sentence);
  CHECK(
      sentences.starts_with("the cat\n1 sentences, 2 words, 0 OOVs\n0 zeroprobs, logprob= -6 ppl= 100 ppl1= 1000\n\n"));
  CHECK(
      holds(sentences, "\n\n\n1 sentences, 0 words, 0 OOVs\n0 zeroprobs, logprob= -4 ppl= 10000 ppl1= undefined\n\n"));
  CHECK(holds(sentences, "a <unk> the\n1 sentences, 3 words, 0 OOVs\n"));
  const std::string words = text_of(ForeignFormat::srilm, ForeignLevel::word);
  CHECK(holds(words,
              "the cat\n\tp( the | <s> ) \t= [moe] 0.1 [ -1 ]\n\tp( cat | the ...) \t= [moe] 0.01 [ -2 ]\n"
              "\tp( </s> | cat ...) \t= [moe] 0.001 [ -3 ]\n1 sentences, 2 words"));
  CHECK(word_values(words) == std::vector<double>{-1, -2, -3, -4, -5, -6, -7, -8});
  CHECK(words.ends_with(text_of(ForeignFormat::srilm, ForeignLevel::summary)));
}

TEST_CASE("srilm: its scripts find the values of words that look like their marks") {
  const std::vector<std::string> words = {"|", ")", "a|", "(|)", ":)", "[", "p(", "="};
  const auto tokenizer = tiny_tokenizer(TokenizerKind::word, words);
  std::string line;
  for (const std::string& word : words) line += word + " ";
  for (const std::string& word : words) line += word + " | " + word + " ) ";
  ForeignRows rows(*tokenizer, ForeignFormat::srilm, ForeignLevel::word);
  std::string out;
  rows.append(parts_of(*tokenizer, {line + "\n"}), out);
  rows.finish("some text", out);
  std::vector<double> expected;
  for (int i = 1; i <= 5 * 8 + 1; ++i) expected.push_back(-i);
  CHECK(values_of_scripts(out) == expected);
  CHECK(values_of_scripts(text_of(ForeignFormat::srilm, ForeignLevel::word)) ==
        std::vector<double>{-1, -2, -3, -4, -5, -6, -7, -8});
}

TEST_CASE("kenlm: <unk> in the text is unknown, and without known tokens there is no perplexity") {
  const auto tokenizer = tiny_tokenizer(TokenizerKind::word, {"the", "cat", "a"});
  ForeignRows rows(*tokenizer, ForeignFormat::kenlm, ForeignLevel::word);
  std::string out;
  rows.append(parts_of(*tokenizer, {"<unk> the\n"}), out);
  rows.finish("some text", out);
  CHECK(out.starts_with("<unk>=0 0 -1\tthe=3 0 -2\t</s>=1 0 -3\tTotal: -6 OOV: 1\n"));
  ForeignRows none(*tokenizer, ForeignFormat::kenlm, ForeignLevel::summary);
  out.clear();
  none.finish("some text", out);
  CHECK(out.starts_with("Perplexity including OOVs:\tnan\n"));
}

TEST_CASE("kenlm: words, totals and the summary") {
  const std::string summary = "Perplexity including OOVs:\t31622.7766\nPerplexity excluding OOVs:\t" +
                              std::string("19306.9773") + "\nOOVs:\t1\nTokens:\t8\n";
  // Without the unknown word 7 tokens cost 30: 10^(30/7) = 19306.98.
  CHECK(text_of(ForeignFormat::kenlm, ForeignLevel::summary) == summary);
  CHECK(text_of(ForeignFormat::kenlm, ForeignLevel::sentence) ==
        "Total: -6 OOV: 0\nTotal: -4 OOV: 0\nTotal: -26 OOV: 1\n" + summary);
  CHECK(text_of(ForeignFormat::kenlm, ForeignLevel::word) ==
        "the=3 0 -1\tcat=4 0 -2\t</s>=1 0 -3\tTotal: -6 OOV: 0\n</s>=1 0 -4\tTotal: -4 OOV: 0\n"
        "a=5 0 -5\tzebra=0 0 -6\tthe=3 0 -7\t</s>=1 0 -8\tTotal: -26 OOV: 1\n" +
            summary);
}

TEST_CASE("a line in parts is one sentence") {
  const auto tokenizer = tiny_tokenizer(TokenizerKind::word, {"the", "cat", "a"});
  std::vector<ScoredPart> cut;
  for (const ScoredPart& whole : parts_of(*tokenizer))
    for (std::size_t i = 0; i < whole.nll.size(); ++i) {
      ScoredPart& one = cut.emplace_back();
      one.part.ids = {whole.part.ids[i]};
      one.part.flags = {whole.part.flags[i]};
      one.part.surface = {whole.part.surface[i]};
      one.part.ends_line = i + 1 == whole.nll.size();
      one.nll = {whole.nll[i]};
    }
  for (const ForeignFormat format : {ForeignFormat::srilm, ForeignFormat::kenlm}) {
    ForeignRows rows(*tokenizer, format, ForeignLevel::word);
    std::string out;
    rows.append(cut, out);
    rows.finish("some text", out);
    CHECK(out == text_of(format, ForeignLevel::word));
  }
}

TEST_CASE("forms with a row for each word refuse a tokenizer of bytes") {
  const auto tokenizer = make_byte_tokenizer(std::vector<Index>(kByteVocabulary, 1));
  CHECK(error_exit([&] { ForeignRows(*tokenizer, ForeignFormat::srilm, ForeignLevel::word); }) == Exit::bad_config);
}
