// moe-compare as a user runs it: runs, n-grams, rows of files, seeds, texts, and what it refuses.
#include <cmath>

#include "comparison_case.hpp"
#include "tokenizer/byte_tokenizer.hpp"

using namespace moelm;

TEST_CASE("two runs: both perplexities are those of moe-eval, and the difference is their logarithm") {
  const ComparisonCase c;
  const Json json = c.json("moe-compare a b");
  const double a = c.perplexity("moe-eval a"), b = c.perplexity("moe-eval b");
  CHECK(json["type"] == "comparison");
  CHECK(json["perplexity_a"].get<double>() == Approx(a).epsilon(1e-9));
  CHECK(json["perplexity_b"].get<double>() == Approx(b).epsilon(1e-9));
  CHECK(json["difference"].get<double>() == Approx(std::log(b / a)).epsilon(1e-8));
  CHECK(json["low"] < json["difference"]);
  CHECK(json["difference"] < json["high"]);
  CHECK(json["unit"] == "token");
  CHECK(json["block_kind"] == "document");
  CHECK(json["blocks"] == 12);
  CHECK(json["resamples"] == 10'000);
  CHECK(json["tokens"] == c.json("moe-eval a")["tokens"]);
  double weight = 0;
  for (const Json& part : json["classes"]) weight += part["weight"].get<double>();
  CHECK(weight == json["weight"]);
  CHECK(json["classes"][1]["name"] == "<unk>");
  const ProgramResult text = c.shell("moe-compare a b");
  CHECK(holds(text.out, "10,000 resamples of 12 documents, percentiles"));
  CHECK(holds(text.out, "B - A"));
  CHECK(holds(text.err, "scoring with a"));
  CHECK(c.shell("moe-compare a b -q").err.empty());
}

TEST_CASE("neither threads nor a second call change a digit, and B - A is -(A - B)") {
  const ComparisonCase c;
  const std::string one = c.shell("moe-compare a b --json").out;
  CHECK(one == c.shell("moe-compare a b --json --threads 3").out);
  CHECK(one == c.shell("moe-compare a b --json").out);
  const Json forth = c.json("moe-compare a b"), back = c.json("moe-compare b a");
  CHECK(back["difference"].get<double>() == Approx(-forth["difference"].get<double>()));
  CHECK(back["low"].get<double>() == Approx(-forth["high"].get<double>()));
}

TEST_CASE("rows of moe-eval, compressed too, compare like the runs that wrote them") {
  const ComparisonCase c;
  REQUIRE(c.shell("moe-eval -q a --per-token >a.rows && moe-eval -q b --per-token | gzip >b.rows.gz").code == 0);
  const Json runs = c.json("moe-compare a b"), rows = c.json("moe-compare a.rows b.rows.gz"),
             both = c.json("moe-compare a b.rows.gz");
  for (const Json& json : {rows, both})
    for (const char* key : {"difference", "low", "high", "perplexity_a", "perplexity_b"})
      CHECK(json[key].get<double>() == Approx(runs[key].get<double>()).epsilon(1e-6));
  CHECK(rows["classes"].back()["name"] == "other tokens");
  CHECK(c.json("moe-compare a.rows b.rows.gz --data data")["classes"] != rows["classes"]);
}

TEST_CASE("a data folder is its 5-gram, as moe-ngram scores it") {
  const ComparisonCase c;
  const Json json = c.json("moe-compare a data --split valid");
  CHECK(json["perplexity_b"].get<double>() == Approx(c.perplexity("moe-ngram data --split valid")).epsilon(1e-9));
  CHECK(holds(json["policy_b"], "modified Kneser-Ney 5-gram"));
  CHECK(json["high"] < 0);
}

TEST_CASE("seeds are paired by position, and the interval resamples them too") {
  const ComparisonCase c;
  const Json json = c.json("moe-compare a,a2 b,b2");
  const Json one = c.json("moe-compare a b"), two = c.json("moe-compare a2 b2");
  REQUIRE(json["seeds"].size() == 2);
  CHECK(json["seeds"][0]["a"] == "a");
  CHECK(json["seeds"][1]["b"] == "b2");
  CHECK(json["seeds"][0]["low"] == one["low"]);
  CHECK(json["seeds"][1]["difference"] == two["difference"]);
  CHECK(json["difference"].get<double>() ==
        Approx((one["difference"].get<double>() + two["difference"].get<double>()) / 2));
  CHECK(json["standard_error"] != one["standard_error"]);
  CHECK(holds(c.shell("moe-compare a,a2 b,b2").out, "seeds, paired by position"));
  CHECK(c.shell("moe-compare a,a2 b").code == 2);
  CHECK(holds(c.shell("moe-compare a,a2 b").err, "b: expected 2 seeds as in a,a2, found 1"));
  CHECK(c.shell("moe-compare a,,a2 b,b2").code == 2);
}

TEST_CASE("texts are sources, each with its own row") {
  const ComparisonCase c;
  put_file(c.directory / "one.txt", documents_text(6));
  put_file(c.directory / "two.txt", documents_text(9));
  const Json json = c.json("moe-compare a b one.txt two.txt");
  REQUIRE(json["sources"].size() == 2);
  CHECK(json["block_kind"] == "document");
  CHECK(json["blocks"] == 15);
  const Json alone = c.json("moe-compare a b two.txt --blocks 5");
  CHECK(alone["sources"].empty());
  CHECK(alone["block_size"] == 5);
  CHECK(json["sources"][1]["difference"].get<double>() == Approx(alone["difference"].get<double>()).epsilon(1e-9));
  CHECK(c.shell("moe-compare a b one.txt --split valid").code == 2);
  CHECK(c.shell("moe-compare a b -").code == 2);
  CHECK(c.shell("moe-compare a b none.txt").code == 66);
}

TEST_CASE("a text that only one model could read is refused and not waited for") {
  const ComparisonCase c;
  REQUIRE(c.shell("mkfifo pipe").code == 0);
  for (const std::string command : {"moe-compare a b pipe", "moe-mix a b --text pipe", "moe-compare a b /dev/null"}) {
    const ProgramResult result = c.shell("timeout 20 " + command);
    CHECK(result.code == 2);
    CHECK(holds(result.err, ": expected a file, because each model reads the text, found a pipe or device"));
  }
  // Rows are read once.
  CHECK(c.shell("moe-eval -q a --per-token >rows && { cat rows >pipe & timeout 20 moe-compare pipe b; }").code == 0);
}

TEST_CASE("what moe-eval warns of is said, and once for all models") {
  const ComparisonCase c;
  put_file(c.directory / "odd.txt", "the cat \xff sat\n" + documents_text(3));
  const std::string odd = "warning: odd.txt: 1 malformed UTF-8 sequence";
  for (const std::string command : {"moe-compare a,data b,a2 odd.txt", "moe-mix a b data --text odd.txt"}) {
    const ProgramResult result = c.shell(command);
    CHECK(result.code == 0);
    CHECK(holds(result.err, odd));
    CHECK(result.err.find(odd) == result.err.rfind(odd));
    CHECK(c.shell(command + " -q").err.empty());
  }
  // A checkpoint that is damaged: an earlier one is used.
  REQUIRE(
      c.shell("moe-train -q --data data --out t --threads 1 --preset tiny --steps 4 --dtype f32 --set model.width=8 "
              "--set train.batch=4 --set train.unroll=5 --set train.checkpoint_every=2 --set train.keep=3")
          .code == 0);
  REQUIRE(c.shell("for f in t/checkpoints/step-*4/model.safetensors; do truncate -s -1 $f; done").code == 0);
  const std::string damaged = c.shell("moe-eval t").err;
  REQUIRE(holds(damaged, "warning: t/checkpoints/step-"));
  const std::string line = damaged.substr(damaged.find("warning: t/"));
  CHECK(holds(c.shell("moe-compare t b").err, line.substr(0, line.find('\n'))));
  CHECK(holds(c.shell("moe-mix t b").err, line.substr(0, line.find('\n'))));
}

TEST_CASE("a name that is there is no list of seeds, commas or not") {
  const ComparisonCase c;
  REQUIRE(c.shell("mv a2 a,2 && moe-eval -q b --per-token >b,1.rows").code == 0);
  const Json json = c.json("moe-compare a,2 b,1.rows");
  CHECK(json["perplexity_a"].get<double>() == Approx(c.perplexity("moe-eval a,2")));
  CHECK(json["perplexity_b"].get<double>() == Approx(c.perplexity("moe-eval b")));
}

TEST_CASE("models with different tokenizers are compared in nats a word") {
  const ComparisonCase c;
  put_data(c.directory / "bytes", *make_byte_tokenizer(std::vector<Index>(kByteVocabulary, 1)),
           {documents_text(50), documents_text(8), documents_text(12)});
  const Json json = c.json("moe-compare a bytes");
  CHECK(json["unit"] == "word");
  CHECK(json["blocks"] == 12);
  CHECK(json["classes"].empty());
  CHECK(json["perplexity_a"].get<double>() ==
        Approx(c.json("moe-eval a")["perplexity_per_word"].get<double>()).epsilon(1e-9));
  CHECK(json["perplexity_b"].get<double>() ==
        Approx(c.json("moe-ngram bytes")["perplexity_per_word"].get<double>()).epsilon(1e-9));
  CHECK(holds(c.shell("moe-compare a bytes").err, "lines are paired"));
}

TEST_CASE("models that would be scored on texts of their own are refused") {
  const ComparisonCase c;
  std::string other = documents_text(12);
  other.insert(other.find(' '), "s");
  put_data(c.directory / "others", *make_byte_tokenizer(std::vector<Index>(kByteVocabulary, 1)),
           {documents_text(50), documents_text(8), other});
  const ProgramResult refused = c.shell("moe-compare a others");
  CHECK(refused.code == 65);
  CHECK(holds(refused.err, "each model was scored on its own data: give one text, or --data"));
}

TEST_CASE("what cannot be paired is refused with file, place, expected and found") {
  const ComparisonCase c;
  REQUIRE(
      c.shell("moe-eval -q a --per-token >a.rows && sed 3s/cat/dog/ a.rows >other.rows && head -n 5 a.rows >short.rows")
          .code == 0);
  REQUIRE(c.shell("cmp -s a.rows other.rows").code != 0);
  const ProgramResult other = c.shell("moe-compare a.rows other.rows");
  CHECK(other.code == 65);
  CHECK(holds(other.err, "error: other.rows: row 3 (line "));
  CHECK(holds(other.err, "expected the token cat as in a.rows, found dog"));
  CHECK(c.shell("moe-compare a short.rows").code == 65);
  CHECK(c.shell("moe-compare a none").code == 66);
  CHECK(holds(c.shell("moe-compare a none").err,
              "none: expected a run, a data folder or the rows of moe-eval --per-token"));
  CHECK(c.shell("moe-compare a").code == 2);
  CHECK(c.shell("moe-compare a.rows a.rows a.rows").code == 2);
  CHECK(c.shell("moe-compare a b --blocks 0").code == 2);
  REQUIRE(c.shell("sed 's/[^\t]*$/-400/' a.rows >far.rows").code == 0);
  for (const std::string command : {"moe-compare a.rows far.rows", "moe-mix a far.rows --tune far.rows"}) {
    const ProgramResult far = c.shell(command);
    CHECK(far.code == 76);
    CHECK(far.out.empty());
    CHECK(holds(far.err, "far.rows: expected rows with a finite perplexity, found a mean log10 of -"));
  }
}
