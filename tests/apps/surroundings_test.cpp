// The surroundings of a program: full disks behind its output, size limits, closed standard descriptors, pipes in place
// of files, no more threads, unknown instruction sets.
#include <sys/stat.h>

#include <filesystem>

#include "base/instruction_set.hpp"
#include "io/json.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/program.hpp"
#include "support/tiny_data.hpp"

using namespace moelm;

namespace {

const std::string kPrograms = MOELM_BIN_DIR;

struct Case {
  Case() {
    std::string text;
    for (int i = 0; i < 200; ++i) text += i % 3 == 0 ? "the cat sat on the mat\n" : "a dog ran\n";
    put_data(directory / "data",
             *tiny_tokenizer(TokenizerKind::word, {"the", "cat", "dog", "sat", "ran", "on", "mat", "a"}),
             {text, "the dog sat\n", text});
    put_file(directory / "text", text);
    REQUIRE(shell(train("run")).code == 0);
  }

  /// Runs a line of sh in the folder with the programs on its path.
  ProgramResult shell(const std::string& line) const {
    return run_program({"/bin/sh", "-c", "cd '" + (directory / "") + "' && PATH='" + kPrograms + "':$PATH && " + line});
  }
  static std::string train(const std::string& name) {
    return "moe-train --data data --out " + name +
           " --threads 1 -q --preset tiny --steps 4 --dtype f32 --set model.width=8 --set train.batch=4 --set "
           "train.unroll=5";
  }
  std::vector<std::string> left(const std::string& name) const { return list_directory(directory / name); }

  TemporaryDirectory directory;
};

/// A command of each program that prints something.
std::vector<std::string> printing() {
  std::vector<std::string> commands = {Case::train("new") + " --json",
                                       "moe-train --data data --print-config",
                                       "moe-train --list-presets --json",
                                       "moe-train --list-keys",
                                       "moe-train --preset tiny --dry-run --json",
                                       "moe-tokenize -q --threads 1 --out new --train text",
                                       "moe-eval -q --threads 1 run",
                                       "moe-eval -q --threads 1 run --json",
                                       "moe-eval -q --threads 1 run text --per-token",
                                       "moe-eval -q --threads 1 run text --per-sentence",
                                       "moe-export -q run new",
                                       "moe-export -q run new --json",
                                       "moe-generate -q --threads 1 run --tokens 20",
                                       "moe-generate -q --threads 1 run --tokens 20 --per-token",
                                       "moe-rescore -q --threads 1 run text --format kaldi",
                                       "moe-rescore -q --threads 1 run text --format kaldi --json",
                                       "moe-stats -q --threads 1 run",
                                       "moe-stats -q --threads 1 run --json",
                                       "moe-stats -q --threads 1 run --html -",
                                       "moe-stats -q --threads 1 run --routes -",
                                       "moe-plot run",
                                       "moe-plot run --png -",
                                       "moe-plot run --csv -",
                                       "moe-check run",
                                       "moe-check run --json",
                                       "moe-bench --list",
                                       "moe-ngram data --json",
                                       "moe-ngram data text --per-token",
                                       "moe-compare -q --threads 1 run data",
                                       "moe-mix -q --threads 1 run data --per-token"};
  for (const char* name :
       {"moe-train", "moe-tokenize", "moe-eval", "moe-export", "moe-generate", "moe-rescore", "moe-stats", "moe-check",
        "moe-bench", "moe-ngram", "moe-grammar", "moe-compare", "moe-mix", "moe-plot"})
    for (const char* option : {" --help", " --version"}) commands.push_back(std::string(name) + option);
  return commands;
}

}  // namespace

TEST_CASE("results on a full disk are 74 in every program, with the reason") {
  if (!std::filesystem::exists("/dev/full")) {
    WARN("skipped: there is no /dev/full");
    return;
  }
  const Case c;
  for (const std::string& command : printing()) {
    std::filesystem::remove_all(c.directory / "new");
    const ProgramResult result = c.shell(command + " >/dev/full");
    INFO(command << ": " << result.err);
    CHECK(result.code == 74);
    CHECK(holds(result.err, "error: standard output"));
  }
}

TEST_CASE("a reader that goes away ends a filter quietly, and no program whose work are files") {
  const Case c;
  const ProgramResult filter = c.shell("moe-eval -q --threads 1 run text --per-token | head -n 1");
  CHECK(filter.code == 0);
  CHECK(filter.err.empty());
  const ProgramResult trained = c.shell("{ " + Case::train("new") + "; echo $? >code; } | true; cat code");
  CHECK(trained.out == "0\n");
  CHECK(trained.err.empty());
}

TEST_CASE("a file that reaches the size limit is 74 and leaves nothing half written") {
  const Case c;
  for (const std::string command :
       {"moe-stats -q --threads 1 run --html page.html", "moe-stats -q --threads 1 run --routes routes",
        "moe-eval -q --threads 1 run text --per-token >rows",
        "moe-tokenize -q --threads 1 --out new --train text text --tokenizer byte"}) {
    // Blocks of 512 bytes.
    const ProgramResult result = c.shell("(ulimit -f 1; " + command + ")");
    INFO(command << ": " << result.err);
    CHECK(result.code == 74);
    for (const std::string& name : c.left("")) CHECK(name.rfind(".tmp", 0) != 0);
    CHECK_FALSE(std::filesystem::exists(c.directory / "page.html"));
  }
}

TEST_CASE("standard descriptors that are closed never become files of ours") {
  const Case c;
  for (const std::string closed : {"<&-", "2>&-", "<&- 2>&-"}) {
    INFO(closed);
    std::filesystem::remove_all(c.directory / "new");
    CHECK(c.shell(Case::train("new") + " >out " + closed).code == 0);
    CHECK(c.shell("moe-check new " + closed).code == 0);
    CHECK(c.shell("moe-eval -q --threads 1 new --json " + closed).code == 0);
    CHECK(c.shell("moe-stats --threads 1 run --html page.html " + closed).code == 0);
    CHECK(holds(get_file(c.directory / "page.html"), "</html>"));
  }
  // Without standard output the result is lost, with an error; the files are complete.
  for (const std::string closed : {">&-", "<&- >&-", "<&- >&- 2>&-"}) {
    INFO(closed);
    std::filesystem::remove_all(c.directory / "new");
    CHECK(c.shell(Case::train("new") + " " + closed).code == 74);
    CHECK(c.shell("moe-check new").out.find("intact") != std::string::npos);
    CHECK(c.shell("moe-eval -q --threads 1 run " + closed).code == 74);
    std::filesystem::remove_all(c.directory / "tokens");
    CHECK(c.shell("moe-tokenize -q --threads 1 --out tokens --train text " + closed).code == 74);
    CHECK(c.shell("moe-check tokens").code == 0);
  }
  const ProgramResult input = c.shell("moe-tokenize -q --threads 1 --out none --train - <&-");
  CHECK(input.code == 66);
  CHECK(holds(input.err, "standard input: expected to be open for reading, found it closed"));
  CHECK(c.shell("moe-train --config - --dry-run <&-").code == 66);
}

TEST_CASE("a pipe in the place of a file of a run or of data is refused and not waited for") {
  const Case c;
  for (const char* name : {".lock", "metrics.jsonl", "config.json", "tokenizer.json", "vocab.txt"}) {
    std::filesystem::remove_all(c.directory / "copy");
    std::filesystem::copy(c.directory / "run", c.directory / "copy", std::filesystem::copy_options::recursive);
    std::filesystem::remove(c.directory / "copy/" + name);
    REQUIRE(::mkfifo((c.directory / "copy/" + name).c_str(), 0600) == 0);
    const ProgramResult result = c.shell("moe-train --out copy --threads 1 -q --steps 6");
    INFO(name << ": " << result.err);
    CHECK(result.code == 65);
    CHECK(holds(result.err, std::string(name) + ": expected a regular file, found a device, pipe or socket"));
  }
  for (const char* name : {"index.json", "tokenizer.json", "vocab.txt", "train-00000.shard"}) {
    std::filesystem::remove_all(c.directory / "other");
    std::filesystem::copy(c.directory / "data", c.directory / "other");
    std::filesystem::remove(c.directory / "other/" + name);
    REQUIRE(::mkfifo((c.directory / "other/" + name).c_str(), 0600) == 0);
    INFO(name);
    CHECK(c.shell("moe-train --data other --out unmade --threads 1 -q --steps 2").code == 65);
    CHECK(c.shell("moe-check other").code == 65);
  }
}

TEST_CASE("threads that cannot be made are 71 before anything is written") {
  const Case c;
  for (const std::string command :
       {"moe-train --data data --out new --threads 4 -q --preset tiny --steps 2", "moe-eval -q --threads 4 run",
        "moe-stats -q --threads 4 run", "moe-tokenize -q --threads 4 --out new --train text",
        "moe-bench -q --threads 4 --case gate"}) {
    const ProgramResult result = c.shell("ulimit -s 1000000000000; " + command);
    INFO(command << ": " << result.err);
    CHECK(result.code == 71);
    CHECK(result.err.rfind("error: threads: expected ", 0) == 0);
    CHECK(holds(result.err, "ulimit -s"));
    CHECK_FALSE(std::filesystem::exists(c.directory / "new"));
  }
}

TEST_CASE("MOELM_MAX_ISA never means the slowest kernels unless it says so") {
  const Case c;
  const auto kernels = [&](const std::string& value) {
    std::filesystem::remove_all(c.directory / "new");
    const ProgramResult result = c.shell("MOELM_MAX_ISA=" + value + " " + Case::train("new"));
    REQUIRE(result.code == 0);
    const Json written = parse_json(get_file(c.directory / "new/result.json"), "result.json");
    const std::string state = written["checkpoint"].get<std::string>() + "/state.json";
    return parse_json(get_file(c.directory / state), state)["kernels"].get<std::string>();
  };
  const std::string all(instruction_set_name(processor_instructions()));
  CHECK(kernels("avx512") == all);
  CHECK(kernels("avx3") == all);
  CHECK(kernels("''") == all);
  CHECK(kernels("baseline") == "baseline");
  CHECK(holds(c.shell("MOELM_MAX_ISA=avx3 moe-train --preset tiny --dry-run").err,
              "warning: MOELM_MAX_ISA: expected avx512, avx2 or baseline, found avx3; " + all + " is used"));
  CHECK(c.shell("MOELM_MAX_ISA=" + all + " moe-train --preset tiny --dry-run").err.empty());
#ifdef __x86_64__
  const std::string unknown =
      "warning: ONEDNN_MAX_CPU_ISA: expected a name that oneDNN knows, such as AVX2 or "
      "AVX512_CORE, found AVX3; ";
  CHECK(holds(c.shell("ONEDNN_MAX_CPU_ISA=AVX3 moe-train --preset tiny --dry-run").err, unknown));
  for (const std::string known : {"AVX2", "avx2", "ALL", "AVX512_CORE_BF16", "''"})
    CHECK(c.shell("ONEDNN_MAX_CPU_ISA=" + known + " moe-train --preset tiny --dry-run").err.empty());
#endif
}

TEST_CASE("going on with other instructions of oneDNN is said") {
  const Case c;
  const ProgramResult same = c.shell("moe-train --out run --threads 1 --steps 5");
  CHECK(same.code == 0);
  CHECK_FALSE(holds(same.err, "gemm:"));
  const ProgramResult other = c.shell("ONEDNN_MAX_CPU_ISA=SSE41 moe-train --out run --threads 1 --steps 6");
  CHECK(other.code == 0);
  CHECK(holds(other.err, "note: gemm: oneDNN"));
  CHECK(holds(other.err, ", sse41"));
  CHECK(holds(other.err, "; from here on results may differ"));
}
