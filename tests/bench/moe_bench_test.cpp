// moe-bench as a user runs it.
#include <algorithm>
#include <set>
#include <sstream>

#include "bench/cases.hpp"
#include "io/json.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/process.hpp"
#include "support/temporary_directory.hpp"
#include "support/tiny_run.hpp"

using namespace moelm;

namespace {

ProcessResult bench(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), MOELM_MOE_BENCH);
  return run(arguments);
}

}  // namespace

TEST_CASE("--list names every case once, measures nothing, and says which are standard") {
  const ProcessResult result = bench({"--list"});
  REQUIRE(result.code == 0);
  CHECK(result.err.empty());
  std::istringstream lines(result.out);
  std::vector<std::string> names;
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("  ")) names.push_back(line.substr(2, line.find(' ', 2) - 2));
  std::vector<std::string> expected;
  for (const BenchCase& c : all_cases()) expected.push_back(c.name);
  CHECK(names == expected);
  CHECK(holds(result.out, "train-moe-32  standard"));
  CHECK(holds(result.out, "train-moe-4096-h-2048x32  only by its full name"));
}

TEST_CASE("impossible requests are refused before anything is measured") {
  CHECK(bench({}).code == 2);
  CHECK(bench({"--case", "gemm", "--standard"}).code == 2);
  CHECK(bench({"--dtype", "f16"}).code == 2);
  const ProcessResult alone = bench({"--standard", "--data", "somewhere"});
  CHECK(alone.code == 2);
  CHECK(holds(alone.err, "--data: expected together with --run"));
  const ProcessResult unknown = bench({"--case", "no-such-case"});
  CHECK(unknown.code == 2);
  CHECK(holds(unknown.err, "--list"));
  CHECK(bench({"--run", "/nowhere/at/all"}).code == 66);
  const ProcessResult plot = bench({"--case", "growth-moe-32", "--plot", "x.svg"});
  CHECK(plot.code == 2);
  CHECK(holds(plot.err, "--plot: expected two or more cases"));
}

TEST_CASE("--ranks predicts steps of given machines, twice the same") {
  const std::vector<std::string> arguments = {
      "--ranks",  "2..6", "--node-gflops", "100",  "--memory-rate", "20",    "--load-cv", "0.2",
      "--jitter", "0.02", "--seed",        "3",    "--preset",      "moe-4", "--network", "1Gb/s:50us:4us",
      "--rows",   "640",  "--vocab-size",  "1000", "--json"};
  const ProcessResult one = bench(arguments);
  INFO(one.err);
  REQUIRE(one.code == 0);
  CHECK(one.err.empty());
  CHECK(bench(arguments).out == one.out);
  const Json report = parse_json(one.out, "report");
  CHECK(report.at("machine").at("gflops") == 100);
  CHECK(report.at("machine").at("source") == "given");
  const Json& steps = report.at("networks").at(0).at("steps");
  REQUIRE(steps.size() == 3);
  CHECK(steps[2].at("ranks") == 6);
  CHECK(steps[2].at("rows") == 640);
  double seconds = 0;
  for (const char* part : {"work", "experts", "copies", "tables", "rank_0", "messages", "waiting"})
    seconds += steps[2].at("predicted_seconds").at(part).get<double>();
  CHECK(seconds == Approx(steps[2].at("predicted_seconds").at("step").get<double>()));
  const ProcessResult text = bench({"--ranks", "4", "--node-gflops", "100", "--memory-rate", "20", "--no-overlap"});
  CHECK(text.code == 0);
  CHECK(holds(text.out, "predicted, not measured: moe-256"));
  CHECK(holds(text.out, "no sums beside work"));
}

TEST_CASE("--hidden compares widths and networks, also as a picture") {
  const TemporaryDirectory directory;
  const std::string plot = directory / "scale.svg";
  const ProcessResult result =
      bench({"--ranks", "16", "--hidden", "512,2048", "--node-gflops", "1000", "--memory-rate", "100", "--plot", plot});
  INFO(result.err);
  REQUIRE(result.code == 0);
  CHECK(holds(result.out, "work at 100 Gb/s"));
  const std::string svg = get_file(plot);
  CHECK(svg.starts_with("<svg"));
  CHECK(holds(svg, "hidden width of the experts"));
}

TEST_CASE("options of --ranks alone, and numbers that are none, are refused") {
  const ProcessResult alone = bench({"--standard", "--node-gflops", "100"});
  CHECK(alone.code == 2);
  CHECK(holds(alone.err, "--node-gflops: expected together with --ranks"));
  for (const char* list : {"", "0", "2..", "4..2", "2,,4", "two", "1..100000000"}) {
    INFO(list);
    CHECK(bench({"--ranks", list}).code == 2);
  }
  CHECK(bench({"--ranks", "2", "--network", "fast"}).code == 2);
  CHECK(bench({"--ranks", "2", "--preset", "moe-1000000"}).code == 2);
  CHECK(bench({"--ranks", "2", "--standard"}).code == 2);
}

TEST_CASE("one case and the ceilings, as JSON; and a run on its own tokens, as a table") {
  const ProcessResult one =
      bench({"--case", "gemm-forward-1x512x1024", "--dtype", "f32", "--json", "--quiet", "--threads", "1"});
  INFO(one.err);
  REQUIRE(one.code == 0);
  CHECK(one.err.empty());
  const Json report = parse_json(one.out, "report");
  for (const char* key : {"gemm_f32_gflops", "gemm_bf16_gflops", "memory_read_gb_s", "peak_f32_gflops"})
    CHECK(report.at("ceilings").at(key).get<double>() > 0);
  CHECK(report.at("threads") == 1);
  REQUIRE(report.at("cases").size() == 1);
  CHECK(report["cases"][0]["name"] == "gemm-forward-1x512x1024");
  CHECK(report["cases"][0]["dtype"] == "f32");
  CHECK(report["cases"][0]["fraction_of_ceiling"].get<double>() > 0);

  const TemporaryDirectory directory;
  const std::string data = directory / "data", trained = directory / "run";
  std::string text;
  for (int i = 0; i < 500; ++i) text += i % 2 == 0 ? "a b c d\n" : "b a d\n";
  put_data(data, *tiny_tokenizer(TokenizerKind::word, {"a", "b", "c", "d"}), {text, text, ""});
  put_run(trained, data, StateKind::carry);
  const ProcessResult own = bench({"--run", trained, "--data", data, "--dtype", "f32", "--quiet", "--threads", "1"});
  INFO(own.err);
  REQUIRE(own.code == 0);
  CHECK(holds(own.out, "run-train"));
  CHECK(holds(own.out, "run-eval"));
  CHECK(holds(own.out, "max/mean tokens"));
}
