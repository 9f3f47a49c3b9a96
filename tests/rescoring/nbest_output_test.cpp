// Lines with scores in the form that they came in, and mixtures of scores.
#include <cmath>

#include "evaluation/score_number.hpp"
#include "io/json.hpp"
#include "rescoring/nbest_output.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

using namespace moelm;

namespace {

NbestList list_of(NbestFormat format, const std::vector<std::string>& lines, bool decipher = false) {
  NbestList list;
  list.header = decipher;
  for (const std::string& line : lines) {
    list.hypotheses.push_back(parse_hypothesis(format, decipher, line));
    list.hypotheses.back().line = static_cast<Index>(list.hypotheses.size());
  }
  list.id = list.hypotheses[0].id;
  return list;
}

/// Scores -1, -2, ... mixed by `weights`.
std::vector<RescoredHypothesis> scores_of(const NbestList& list, const std::vector<std::string>& weights = {}) {
  const NbestMixture mixture(weights);
  std::vector<RescoredHypothesis> scores;
  for (const Hypothesis& h : list.hypotheses) {
    const double score = -static_cast<double>(scores.size() + 1) - 0.5;
    scores.push_back({score, mixture.total(h, score), 5, 1});
  }
  return scores;
}

std::string text_of(const NbestList& list, NbestFormat format, NbestRows rows,
                    const std::vector<std::string>& weights = {}) {
  std::string out;
  append_list(list, format, scores_of(list, weights), {rows, !weights.empty(), false}, out);
  return out;
}

Exit exit_of(const std::vector<std::string>& weights) {
  return error_exit([&] { NbestMixture mixture(weights); });
}

}  // namespace

TEST_CASE("kaldi: a column behind the id") {
  const NbestList list = list_of(NbestFormat::kaldi, {"u the cat", "u\ta  dog"});
  CHECK(text_of(list, NbestFormat::kaldi, NbestRows::lines) == "u -1.5 the cat\nu -2.5\ta  dog\n");
  const std::vector<std::string> weights = {"model=2", "words=10"};
  CHECK(text_of(list, NbestFormat::kaldi, NbestRows::lines, weights) == "u -1.5 17 the cat\nu -2.5 15\ta  dog\n");
  CHECK(text_of(list, NbestFormat::kaldi, NbestRows::scores, weights) == "u 17\nu 15\n");
  CHECK(text_of(list, NbestFormat::kaldi, NbestRows::best) == "u the cat\n");
  CHECK(text_of(list, NbestFormat::kaldi, NbestRows::best, {"model=-1"}) == "u a  dog\n");
}

TEST_CASE("srilm: a column behind lscore, or in its place") {
  NbestList list = list_of(NbestFormat::srilm, {"-10 -20 2 the cat", "-5 -30 1 dog"});
  CHECK(text_of(list, NbestFormat::srilm, NbestRows::lines) == "-10 -20 -1.5 2 the cat\n-5 -30 -2.5 1 dog\n");
  CHECK(text_of(list, NbestFormat::srilm, NbestRows::replace) == "-10 -1.5 2 the cat\n-5 -2.5 1 dog\n");
  CHECK(text_of(list, NbestFormat::srilm, NbestRows::scores) == "-1.5\n-2.5\n");
  const std::vector<std::string> weights = {"model=1", "lscore=0.5", "ascore=1"};
  CHECK(text_of(list, NbestFormat::srilm, NbestRows::replace, weights) == "-10 -21.5 2 the cat\n-5 -22.5 1 dog\n");
  CHECK(text_of(list, NbestFormat::srilm, NbestRows::best, {"model=1", "ascore=1"}) == "dog\n");
  list.empty_line = true;
  CHECK(text_of(list, NbestFormat::srilm, NbestRows::scores) == "-1.5\n-2.5\n\n");
  CHECK(text_of(list, NbestFormat::srilm, NbestRows::best) == "the cat\n");
}

TEST_CASE("srilm after its header: a column behind the brackets, or within") {
  const NbestList list = list_of(NbestFormat::srilm, {"(-7) the cat"}, true);
  CHECK(text_of(list, NbestFormat::srilm, NbestRows::lines) == "NBestList1.0\n(-7) -1.5 the cat\n");
  // Bytelogs: 1024 / 10000.5 / ln 10 of a logarithm to base 10 each.
  CHECK(text_of(list, NbestFormat::srilm, NbestRows::replace) ==
        "NBestList1.0\n(" + score_number(-1.5 * 10000.5 * std::log(10.0) / 1024) + ") the cat\n");
  CHECK(text_of(list, NbestFormat::srilm, NbestRows::scores, {"model=1", "score=2"}) ==
        score_number(-1.5 + 2 * -7 * 1024 / 10000.5 / std::log(10.0)) + "\n");
}

TEST_CASE("moses: a feature more, and the mixture as score") {
  const NbestList list = list_of(NbestFormat::moses, {"0 ||| a b ||| LM0= -3 ||| -9 ||| 0-0", "0 ||| c ||| ||| -8"});
  CHECK(text_of(list, NbestFormat::moses, NbestRows::lines) ==
        "0 ||| a b ||| LM0= -3 moelm= -1.5 ||| -9 ||| 0-0\n0 ||| c ||| moelm= -2.5 ||| -8\n");
  CHECK(text_of(list, NbestFormat::moses, NbestRows::lines, {"model=2", "score=1"}) ==
        "0 ||| a b ||| LM0= -3 moelm= -1.5 ||| -12 ||| 0-0\n0 ||| c ||| moelm= -2.5 ||| -13\n");
  CHECK(text_of(list, NbestFormat::moses, NbestRows::replace) ==
        "0 ||| a b ||| LM0= -3 moelm= -1.5 ||| -1.5 ||| 0-0\n0 ||| c ||| moelm= -2.5 ||| -2.5\n");
  CHECK(text_of(list, NbestFormat::moses, NbestRows::best) == "a b\n");
  // A line of ours is a line of Moses.
  const Hypothesis again =
      parse_hypothesis(NbestFormat::moses, false, "0 ||| a b ||| LM0= -3 moelm= -1.5 ||| -12 ||| 0-0");
  CHECK(again.value("moelm") == -1.5);
}

TEST_CASE("JSON has a line per hypothesis and marks the best") {
  const NbestList list = list_of(NbestFormat::kaldi, {"u the cat", "u a \xff dog"});
  std::string out;
  append_json(list, "list", scores_of(list, {"model=-1"}), {NbestRows::lines, true, false}, out);
  const Json first = parse_json(out.substr(0, out.find('\n')), "row");
  const Json second = parse_json(out.substr(out.find('\n') + 1), "row");
  CHECK(first["id"] == "u");
  CHECK(first["score"] == -1.5);
  CHECK(first["total"] == 1.5);
  CHECK(first["best"] == false);
  CHECK(second["best"] == true);
  CHECK(second["line"] == 2);
  CHECK(second["oov"] == 1);
  out.clear();
  append_json(list, "list", scores_of(list), {NbestRows::best, false, true}, out);
  CHECK(parse_json(out, "row")["words"] == "the cat");
  CHECK_FALSE(parse_json(out, "row").contains("total"));
}

TEST_CASE("weights that make no sense are refused") {
  CHECK(exit_of({"model=1", "LM0=-0.5e-1"}) == Exit::ok);
  for (const std::vector<std::string>& weights : std::vector<std::vector<std::string>>{
           {"model"}, {"=1"}, {"model=x"}, {"model=inf"}, {"LM0=1"}, {"model=1", "model=2"}})
    CHECK(exit_of(weights) == Exit::usage);
  const NbestMixture moses(std::vector<std::string>{"model=1", "LM0=1"});
  CHECK(error_exit([&] { moses.require_names(NbestFormat::moses); }) == Exit::ok);
  CHECK(error_exit([&] { moses.require_names(NbestFormat::kaldi); }) == Exit::usage);
  CHECK(holds(error_text([&] { moses.require_names(NbestFormat::kaldi); }),
              "(model, words), found LM0; docs/formats.md"));
  CHECK(holds(error_text([&] { moses.require_names(NbestFormat::srilm); }),
              "--weight: expected a score of a list of srilm (model, words, ascore, lscore, score), found LM0"));
}
