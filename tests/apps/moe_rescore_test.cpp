// moe-rescore as a user runs it, on a tiny run.
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "moe_eval_case.hpp"

using namespace moelm;

namespace {

const std::string kKaldi = "u1 the cat sat\nu1 the cat ran\nu1 a zebra\nu2 on the mat\nu2\n";

struct Case : EvalCase {
  using EvalCase::EvalCase;

  std::vector<std::string> rescore_command(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {MOELM_BIN_DIR "/moe-rescore", run(), "--threads", "2"});
    return arguments;
  }
  ProgramResult rescore(std::vector<std::string> arguments, const std::string& input = "") const {
    return run_program(rescore_command(std::move(arguments)), input);
  }
  std::string list(const std::string& text, const std::string& name = "list") const {
    put_file(directory / name, text);
    return directory / name;
  }
  /// log10 p of each line, by moe-eval.
  std::vector<double> scores(const std::string& lines) const {
    const ProgramResult result = eval({file(lines), "--per-sentence", "--state", "reset"});
    REQUIRE(result.code == 0);
    std::vector<double> found;
    std::istringstream rows(result.out);
    for (std::string row; std::getline(rows, row);) found.push_back(std::stod(row));
    return found;
  }
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace

TEST_CASE("each hypothesis has the score of moe-eval, in every form and base") {
  const Case c;
  const std::vector<double> log10 = c.scores("the cat sat\nthe cat ran\na zebra\non the mat\n\n");
  const ProgramResult kaldi = c.rescore({c.list(kKaldi), "--format", "kaldi"});
  INFO(kaldi.err);
  REQUIRE(kaldi.code == 0);
  const auto lines = lines_of(kaldi.out);
  REQUIRE(lines.size() == 5);
  for (std::size_t i = 0; i < 5; ++i)
    CHECK(std::stod(lines[i].substr(3)) == Approx(log10[i] * std::log(10)).epsilon(1e-6));
  CHECK(lines[0].starts_with("u1 -"));
  CHECK(lines[0].ends_with(" the cat sat"));
  CHECK(holds(kaldi.err, "2 lists, 5 hypotheses, 16 tokens, of which 14 were computed; 1 unknown word"));
  CHECK(holds(c.rescore({c.list("u1 the cat\n"), "--format", "kaldi"}).err, "1 list, 1 hypothesis, 3 tokens"));
  const ProgramResult latin = c.rescore({c.list("u1 caf\xe9 na\xefve\nu1 d\xe9j\xe0\n"), "--format", "kaldi"});
  CHECK(latin.code == 0);
  CHECK(holds(latin.err, "warning: 4 malformed UTF-8 sequences were replaced by U+FFFD"));
  CHECK(holds(latin.err, "looks like Latin-1 (ISO-8859-1, Windows-1252): iconv -f WINDOWS-1252 -t UTF-8"));

  const ProgramResult two = c.rescore({c.list(kKaldi), "--format", "kaldi", "--scores", "--log-base", "2"});
  CHECK(std::stod(lines_of(two.out)[3].substr(3)) == Approx(log10[3] * std::log2(10)).epsilon(1e-6));

  const ProgramResult srilm = c.rescore({c.list("-5.5 -3 3 the cat sat\n-6 -2 3 <s> the cat ran </s>\n"), "--scores"});
  REQUIRE(srilm.code == 0);
  for (std::size_t i = 0; i < 2; ++i) CHECK(std::stod(lines_of(srilm.out)[i]) == Approx(log10[i]).epsilon(1e-6));
  CHECK(holds(srilm.err, "warning: <s> and </s> at the ends of 1 line were taken for no words"));

  const ProgramResult moses = c.rescore({c.list("0 ||| the cat sat ||| LM0= -3 ||| -1\n")});
  CHECK(moses.out.starts_with("0 ||| the cat sat ||| LM0= -3 moelm= -"));
  CHECK(moses.out.ends_with(" ||| -1\n"));
}

TEST_CASE("the best of each list, by the model or by a mixture") {
  const Case c;
  const std::vector<double> log10 = c.scores("the cat sat\nthe cat ran\na zebra\n");
  const std::size_t best = static_cast<std::size_t>(std::max_element(log10.begin(), log10.end()) - log10.begin());
  const ProgramResult plain = c.rescore({c.list(kKaldi), "--format", "kaldi", "--best"});
  REQUIRE(lines_of(plain.out).size() == 2);
  CHECK(lines_of(plain.out)[0] == lines_of(kKaldi)[best]);
  const std::string srilm = c.list("-1.5 -3 3 the cat sat\n-2 -2 3 the cat ran\n-1000 -9 2 a zebra\n");
  CHECK(c.rescore({srilm, "--best", "--weight", "model=1", "--weight", "ascore=-9"}).out == "a zebra\n");
  const ProgramResult mixed =
      c.rescore({srilm, "--weight", "model=2", "--weight", "lscore=1", "--weight", "words=0.5"});
  std::istringstream first(mixed.out);
  double ascore = 0, lscore = 0, score = 0, total = 0;
  first >> ascore >> lscore >> score >> total;
  CHECK(score == Approx(log10[0]).epsilon(1e-6));
  CHECK(total == Approx(2 * log10[0] - 3 + 1.5).epsilon(1e-6));
  const std::string moses = c.list("3 ||| the cat ||| LM0= -30 ||| -1\n3 ||| a dog ||| LM0= -3 ||| -1\n");
  CHECK(c.rescore({moses, "--best", "--weight", "model=0", "--weight", "LM0=1"}).out == "a dog\n");
}

TEST_CASE("lists come from files, compressed or not, and from pipes; files are kept apart") {
  const Case c;
  const std::string packed = c.directory / "list.gz";
  gzFile file = ::gzopen(packed.c_str(), "wb");
  REQUIRE(::gzwrite(file, kKaldi.data(), static_cast<unsigned>(kKaldi.size())) == static_cast<int>(kKaldi.size()));
  ::gzclose(file);
  const std::string expected = c.rescore({c.list(kKaldi), "--format", "kaldi"}).out;
  CHECK(c.rescore({packed, "--format", "kaldi"}).out == expected);
  const ProgramResult piped = c.rescore({"-", "--format", "kaldi"}, kKaldi);
  CHECK(lines_of(piped.out).size() == 5);
  const std::string one = c.list("-1.5 -3 1 the\n", "one"), two = c.list("-2.5 -3 1 a\n", "two");
  CHECK(c.rescore({one, two}).out == c.rescore({one}).out + "\n" + c.rescore({two}).out);
  CHECK(c.rescore({one, two, "--best"}).out == "the\na\n");
}

TEST_CASE("a co-process answers list by list") {
  const Case c;
  Program program(c.rescore_command({"-", "--format", "kaldi", "--scores"}));
  for (int i = 0; i < 3; ++i) {
    program.write("a the cat\na the dog\n\n");
    CHECK(program.line().starts_with("a -"));
    CHECK(program.line().starts_with("a -"));
    CHECK(program.line().empty());
  }
  CHECK(program.finish().code == 0);
}

TEST_CASE("in state carry a list depends on the one before") {
  const Case c;
  const std::string twice = c.list("a the cat\n\na the cat\n");
  const auto reset = lines_of(c.rescore({twice, "--format", "kaldi"}).out);
  const auto carry = lines_of(c.rescore({twice, "--format", "kaldi", "--state", "carry"}).out);
  CHECK(reset[0] == reset[2]);
  CHECK(carry[0] == reset[0]);
  CHECK(carry[2] != carry[0]);
}

TEST_CASE("malformed lines end with 65, or are left out and counted") {
  const Case c;
  const std::string list = c.list("-1.5 -3 1 the\n-1.5 x 1 cat\n-1 -2 1 dog\n");
  const ProgramResult refused = c.rescore({list});
  CHECK(refused.code == 65);
  CHECK(holds(refused.err, "error: " + list + ": line 2: lscore: expected a number, found x; --skip-bad"));
  const ProgramResult skipped = c.rescore({list, "--skip-bad", "--scores"});
  CHECK(skipped.code == 0);
  CHECK(lines_of(skipped.out).size() == 2);
  CHECK(holds(skipped.err, "warning: 1 malformed line left out"));
  CHECK(c.rescore({c.list("the cat\n")}).code == 65);
  CHECK(holds(c.rescore({c.list("the cat\n")}).err, "--format kaldi takes the first word of a line as its id"));
  CHECK(c.rescore({c.list("0 ||| a ||| LM0= -1 ||| 1\n"), "--weight", "model=1", "--weight", "LM1=1"}).code == 65);
  CHECK(holds(c.rescore({c.list("u-1 a\nu-2 the\n"), "--format", "kaldi"}).err, "--numbered-ids"));
}

TEST_CASE("--skip-bad does not hide weights that no line has") {
  const Case c;
  const std::string srilm = c.list("-1.5 -3 1 the\n-1 -2 1 dog\n", "srilm");
  const auto mixed = [&](const std::string& list, const std::string& weight) {
    return c.rescore({list, "--skip-bad", "--weight", "model=1", "--weight", weight});
  };
  const ProgramResult unknown = mixed(srilm, "LM0=1");
  CHECK(unknown.code == 2);
  CHECK(holds(unknown.err, "--weight: expected a score of a list of srilm"));
  const ProgramResult none = mixed(srilm, "score=1");
  CHECK(none.code == 65);
  CHECK(holds(none.err, "error: " + srilm + ": line 1: "));
  CHECK(holds(none.err, "; every line was malformed"));
  CHECK(mixed(c.list("0 ||| a ||| LM0= -1 ||| 1\n", "moses"), "LM9=1").code == 65);
}

TEST_CASE("options that do not fit are usage errors") {
  const Case c;
  const std::string list = c.list(kKaldi);
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"--weight", "model"},
                                             {"--weight", "lscore=1"},
                                             {"--format", "kaldi", "--weight", "model=1", "--weight", "lscore=1"},
                                             {"--log-base", "1"},
                                             {"--best", "--scores"},
                                             {"--numbered-ids"},
                                             {"--format", "kaldi", "--replace"},
                                             {"--format", "other"}}) {
    std::vector<std::string> all = {list};
    all.insert(all.end(), arguments.begin(), arguments.end());
    INFO(arguments[0]);
    CHECK(c.rescore(all).code == 2);
  }
  CHECK(run_program({MOELM_BIN_DIR "/moe-rescore", c.run()}).code == 2);
  CHECK(c.rescore({c.directory / "none"}).code == 66);
  CHECK(holds(c.rescore({list, "--lmwt", "9"}).err, "did you mean --weight NAME=W?"));
  const ProgramResult data = c.rescore({c.directory / "data"});
  CHECK(data.code == 65);
  CHECK(holds(data.err, "found a data folder; to score a split of it: moe-eval run/ --data "));
  // A mixture that is no number orders nothing.
  const ProgramResult huge =
      c.rescore({list, "--format", "kaldi", "--weight", "model=1e308", "--weight", "words=1e308"});
  CHECK(huge.code == 65);
  CHECK(huge.out.empty());
  CHECK(holds(huge.err, ": line 1: mixed score: expected a number, found none; take smaller weights"));
}

TEST_CASE("JSON has the hypotheses and a summary") {
  const Case c;
  const ProgramResult result = c.rescore({c.list(kKaldi), "--format", "kaldi", "--json", "--quiet"});
  REQUIRE(result.code == 0);
  CHECK(result.err.empty());
  const auto lines = lines_of(result.out);
  REQUIRE(lines.size() == 6);
  CHECK(parse_json(lines[2], "row")["oov"] == 1);
  CHECK(parse_json(lines[2], "row")["words"] == "a zebra");
  const Json summary = parse_json(lines[5], "row");
  CHECK(summary["lists"] == 2);
  CHECK(summary["tokens"] == 16);
  CHECK(summary["tokens_computed"] == 14);
}
