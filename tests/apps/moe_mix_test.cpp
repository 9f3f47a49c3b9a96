// moe-mix as a user runs it: weights from valid, perplexity on test, rows, and what it refuses.
#include <cmath>
#include <sstream>

#include "comparison_case.hpp"
#include "tokenizer/byte_tokenizer.hpp"

using namespace moelm;

namespace {

/// Sum of the last column of rows.
double sum_log10(const std::string& rows) {
  std::istringstream lines(rows);
  double sum = 0;
  for (std::string line; std::getline(lines, line);) sum += std::stod(line.substr(line.rfind('\t') + 1));
  return sum;
}

}  // namespace

TEST_CASE("a run and a 5-gram: components as they are alone, the mixture at least as good on valid") {
  const ComparisonCase c;
  const Json json = c.json("moe-mix a data");
  CHECK(json["type"] == "mixture");
  REQUIRE(json["components"].size() == 2);
  const Json &run = json["components"][0], &ngram = json["components"][1];
  CHECK(run["perplexity"].get<double>() == Approx(c.perplexity("moe-eval a")).epsilon(1e-9));
  CHECK(run["perplexity_tuned"].get<double>() == Approx(c.perplexity("moe-eval a --split valid")).epsilon(1e-9));
  CHECK(ngram["perplexity"].get<double>() == Approx(c.perplexity("moe-ngram data")).epsilon(1e-9));
  CHECK(run["weight"].get<double>() + ngram["weight"].get<double>() == Approx(1));
  CHECK(json["perplexity_tuned"].get<double>() <= ngram["perplexity_tuned"].get<double>() * (1 + 1e-9));
  CHECK(json["perplexity_tuned"].get<double>() <= run["perplexity_tuned"].get<double>() * (1 + 1e-9));
  CHECK(holds(json["policy"], "static linear mixture of 2 models, weights by EM on "));
  CHECK(holds(json["policy"], "data, split valid"));
  const ProgramResult text = c.shell("moe-mix a data");
  CHECK(holds(text.out, "static linear mixture of 2 models"));
  CHECK(holds(text.out, "mixture"));
}

TEST_CASE("rows of a mixture are the weighted probabilities, and another program reads them") {
  const ComparisonCase c;
  const Json json = c.json("moe-mix a data");
  REQUIRE(c.shell("moe-mix -q a data --per-token >mix.rows && moe-eval -q a --per-token >a.rows && moe-ngram -q data "
                  "--per-token >n.rows")
              .code == 0);
  CHECK(-sum_log10(get_file(c.directory / "mix.rows")) * std::log(10) ==
        Approx(json["nll_nats"].get<double>()).epsilon(1e-7));
  std::istringstream mix(get_file(c.directory / "mix.rows")), a(get_file(c.directory / "a.rows")),
      n(get_file(c.directory / "n.rows"));
  const double w = json["components"][0]["weight"].get<double>();
  const auto next = [](std::istringstream& rows, std::string& key) {
    std::string line;
    if (!std::getline(rows, line)) return -1.0;
    key = line.substr(0, line.rfind('\t'));
    return std::pow(10, std::stod(line.substr(line.rfind('\t') + 1)));
  };
  std::string key_mix, key_a, key_n;
  Index rows = 0;
  for (double p = next(mix, key_mix); p >= 0; p = next(mix, key_mix), ++rows) {
    CHECK(p == Approx(w * next(a, key_a) + (1 - w) * next(n, key_n)).epsilon(1e-6));
    CHECK(key_mix == key_a);
    CHECK(key_mix == key_n);
  }
  CHECK(rows == json["tokens"]);
  CHECK(c.json("moe-compare a mix.rows")["perplexity_b"].get<double>() ==
        Approx(json["perplexity"].get<double>()).epsilon(1e-6));
  const ProgramResult objects = c.shell("moe-mix -q a data --per-token --json");
  std::istringstream lines(objects.out);
  std::string line;
  std::getline(lines, line);
  CHECK(parse_json(line, "row")["type"] == "token");
  while (std::getline(lines, line)) {
  }
  CHECK(rows + 1 == std::count(objects.out.begin(), objects.out.end(), '\n'));
}

TEST_CASE("files are mixed with the weights of their tuning files, like the runs that wrote them") {
  const ComparisonCase c;
  REQUIRE(
      c.shell(
           "for r in a b; do moe-eval -q $r --per-token | gzip >$r.test.gz; moe-eval -q $r --split valid --per-token "
           ">$r.valid; done")
          .code == 0);
  const Json runs = c.json("moe-mix a b"), files = c.json("moe-mix a.test.gz b.test.gz --tune a.valid b.valid"),
             both = c.json("moe-mix a b.test.gz --tune b.valid");
  for (const Json& json : {files, both}) {
    CHECK(json["perplexity"].get<double>() == Approx(runs["perplexity"].get<double>()).epsilon(1e-6));
    CHECK(json["components"][0]["weight"].get<double>() ==
          Approx(runs["components"][0]["weight"].get<double>()).margin(1e-4));
  }
  const ProgramResult untuned = c.shell("moe-mix a b.test.gz");
  CHECK(untuned.code == 2);
  CHECK(holds(untuned.err, "--tune: expected 1 file of rows, as many as there are among the inputs, found 0"));
  CHECK(c.shell("moe-mix a.test.gz b.test.gz").code == 2);
  CHECK(c.shell("moe-mix a b --tune a.valid").code == 2);
  CHECK(c.shell("moe-mix a.test.gz b.test.gz --tune a.valid b").code == 66);
  CHECK(c.shell("moe-mix a.test.gz b.test.gz --tune a.valid b.valid --split valid").code == 2);
  const ProgramResult other = c.shell("moe-mix a b.test.gz --tune b.test.gz");
  CHECK(other.code == 65);
  CHECK(holds(other.err, "error: b.test.gz: row "));
  CHECK(holds(other.err, "as in a, found"));
}

TEST_CASE("a text, a split, several runs and threads") {
  const ComparisonCase c;
  put_file(c.directory / "text", documents_text(5));
  const Json text = c.json("moe-mix a b a2 data --text text"), split = c.json("moe-mix a b a2 data");
  CHECK(text["components"][3]["weight"] == split["components"][3]["weight"]);
  CHECK(text["components"][0]["perplexity"].get<double>() == Approx(c.perplexity("moe-eval a text")).epsilon(1e-9));
  CHECK(holds(c.json("moe-mix a b --split valid")["policy"], "which is the scored text itself"));
  CHECK(c.shell("moe-mix a b --json").out == c.shell("moe-mix a b --json --threads 3").out);
  CHECK(c.shell("moe-mix a b --text text --split test").code == 2);
  CHECK(c.shell("moe-mix a b --text none").code == 66);
  CHECK(c.shell("moe-mix a").code == 2);
}

TEST_CASE("different tokenizers cannot be mixed") {
  const ComparisonCase c;
  put_data(c.directory / "bytes", *make_byte_tokenizer(std::vector<Index>(kByteVocabulary, 1)),
           {documents_text(50), documents_text(8), documents_text(12)});
  const ProgramResult result = c.shell("moe-mix a bytes");
  CHECK(result.code == 78);
  CHECK(holds(result.err,
              "error: bytes: tokenizer: expected that of a (word, 11 tokens), found another (byte, 257 tokens)"));
}

TEST_CASE("moe-ngram scores any text, with rows like those of moe-eval") {
  const ComparisonCase c;
  put_file(c.directory / "text", documents_text(12));
  for (const std::string kind : {"--per-token", "--per-sentence"}) {
    const ProgramResult split = c.shell("moe-ngram data " + kind), text = c.shell("moe-ngram data text " + kind),
                        input = c.shell("moe-ngram data - " + kind + " <text");
    REQUIRE(split.code == 0);
    CHECK(text.out == split.out);
    CHECK(input.out == split.out);
    CHECK(holds(split.err, "perplexity"));
    CHECK(-sum_log10(kind == "--per-token" ? split.out : "") * std::log(10) ==
          Approx(kind == "--per-token" ? c.json("moe-ngram data")["nll_nats"].get<double>() : 0).epsilon(1e-7));
    const auto columns = [](const std::string& rows) {
      std::string kept;  // all but the probability, which is the last of four or the first of three
      std::istringstream lines(rows);
      for (std::string line; std::getline(lines, line);)
        kept += (std::count(line.begin(), line.end(), '\t') == 3 ? line.substr(0, line.rfind('\t'))
                                                                 : line.substr(line.find('\t'))) +
                "\n";
      return kept;
    };
    CHECK(columns(split.out) == columns(c.shell("moe-eval a " + kind).out));
  }
  const Json eval = c.json("moe-eval a text"), ngram = c.json("moe-ngram data text");
  for (const char* key : {"type", "text", "tokens", "sentences", "words", "oov", "unk", "bytes", "lossless"})
    CHECK(ngram[key] == eval[key]);
  CHECK(ngram["split"].is_null());
  CHECK(c.json("moe-ngram data text --skip-blank-lines")["tokens"] == eval["tokens"].get<Index>() - 12);
  CHECK(c.shell("moe-ngram data text --split test").code == 2);
  CHECK(c.shell("moe-ngram data none").code == 66);
  CHECK(c.shell("moe-ngram data data").code == 65);
  CHECK(c.shell("moe-ngram data - </dev/null").code == 65);
  CHECK(c.shell("moe-ngram data --per-token --per-sentence").code == 2);
  CHECK(holds(c.shell("moe-ngram data -ppl text").err, "the text after the data: moe-ngram data/ TEXT"));
}

TEST_CASE("moe-ngram answers a co-process line by line") {
  const ComparisonCase c;
  Program program({MOELM_BIN_DIR "/moe-ngram", c.directory / "data", "-", "--per-sentence"});
  program.write("the cat\n");
  const std::string first = program.line();
  program.write("\nthe cat\n");
  program.line();
  CHECK(program.line() == first);
  CHECK(program.finish().code == 0);
}
