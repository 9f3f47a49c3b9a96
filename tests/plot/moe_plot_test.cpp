// moe-plot as a user runs it: outputs, exit codes, and files that it must not replace.
#include <filesystem>

#include "io/json.hpp"
#include "png_reader.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/program.hpp"
#include "support/temporary_directory.hpp"

using namespace moelm;

namespace {

struct PlotCase {
  PlotCase() {
    for (const char* run : {"one", "two"}) {
      std::filesystem::create_directories(directory / run);
      std::string log;
      for (int step = 1; step <= 9; ++step)
        log += "{\"step\":" + std::to_string(step) + ",\"tokens\":" + std::to_string(10 * step) +
               ",\"loss\":2,\"lr\":0.1}\n";
      put_file(directory / (std::string(run) + "/metrics.jsonl"), log);
      put_file(directory / (std::string(run) + "/config.json"), "{}");
    }
  }
  ProgramResult plot(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {MOELM_BIN_DIR "/moe-plot", directory / "one", directory / "two"});
    return run_program(arguments);
  }
  TemporaryDirectory directory;
};

}  // namespace

TEST_CASE("without options the numbers of each run") {
  const PlotCase c;
  const ProgramResult result = c.plot({});
  INFO(result.err);
  CHECK(result.code == 0);
  CHECK(holds(result.out, "training ppl"));
  CHECK(holds(result.out, "\none "));
  CHECK(holds(result.out, "\ntwo "));
  const ProgramResult json = c.plot({"--json"});
  CHECK(parse_json(json.out, "output")["runs"].size() == 2);
}

TEST_CASE("files: SVG, PNG and a table, and the same on standard output") {
  const PlotCase c;
  const std::string svg = c.directory / "p.svg", png = c.directory / "p.png", csv = c.directory / "p.csv";
  const ProgramResult result = c.plot({"--svg", svg, "--png", png, "--csv", csv, "--scale", "1"});
  INFO(result.err);
  REQUIRE(result.code == 0);
  CHECK(holds(get_file(svg), "<svg "));
  CHECK(PngReader(get_file(png)).read().width == 860);
  CHECK(get_file(csv).starts_with("run,step,split,tokens,time,loss,lr\none,1,train,10,,2,0.1\n"));
  CHECK(c.plot({"--svg", "-"}).out == get_file(svg));
  CHECK(c.plot({"--png", "-", "--scale", "1"}).out == get_file(png));
  CHECK(c.plot({"--csv", "-"}).out == get_file(csv));
  // Its own files may be replaced, others not.
  CHECK(c.plot({"--svg", svg, "--png", png, "--csv", csv}).code == 0);
  put_file(svg, "my notes");
  CHECK(c.plot({"--svg", svg}).code == 73);
  CHECK(get_file(svg) == "my notes");
  CHECK(c.plot({"--svg", svg, "--force"}).code == 0);
}

TEST_CASE("mistakes are told before anything is written") {
  const PlotCase c;
  const std::string svg = c.directory / "p.svg";
  CHECK(c.plot({"--svg", svg, "--show", "losses"}).code == 2);
  CHECK(holds(c.plot({"--svg", svg, "--show", "losses"}).err, "expected one of perplexity, learning-rate"));
  CHECK(c.plot({"--show", "perplexity"}).code == 2);
  CHECK(c.plot({"--scale", "2"}).code == 2);
  CHECK(c.plot({"--png", svg, "--scale", "21"}).code == 2);
  CHECK(c.plot({"--svg", "-", "--json"}).code == 2);
  CHECK(c.plot({"--svg", svg, "--show", "experts"}).code == 65);
  CHECK_FALSE(path_exists(svg));
  CHECK(run_program({MOELM_BIN_DIR "/moe-plot", c.directory / "none"}).code == 66);
  CHECK(run_program({MOELM_BIN_DIR "/moe-plot"}).code == 2);
  put_file(c.directory / "notes.txt", "mine");
  CHECK(holds(run_program({MOELM_BIN_DIR "/moe-plot", c.directory / "notes.txt"}).err,
              "expected a run, found a file; a run is the folder that moe-train --out made"));
  CHECK(holds(c.plot({"--out", svg}).err, "--out: unknown option; did you mean --svg, --png or --csv?"));
  std::filesystem::create_directory(c.directory / "step");
  put_file(c.directory / "step/MANIFEST.json", "{}");
  const ProgramResult checkpoint = run_program({MOELM_BIN_DIR "/moe-plot", c.directory / "step"});
  CHECK(checkpoint.code == 66);
  CHECK(holds(checkpoint.err, "step: expected a run, found a checkpoint; give the run that it belongs to"));
}
