// The metrics of runs as a table.
#include "plot/metrics_csv.hpp"

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/temporary_directory.hpp"

using namespace moelm;

namespace {

std::string csv_of(const std::vector<RunCurves>& runs) {
  std::string text;
  write_metrics_csv(runs, [&text](std::string_view part) { text += part; });
  return text;
}

}  // namespace

TEST_CASE("a row for each step and validation, a column for each number, whatever the order") {
  const TemporaryDirectory directory;
  put_file(
      directory / "a",
      "{\"time\":\"2026-01-01T00:00:00Z\",\"step\":1,\"tokens\":64,\"loss\":2.5,\"moe\":[{\"layer\":2,\"dead\":1}]}\n"
      "{\"event\":\"resume\",\"step\":1}\n"
      "{\"time\":\"2026-01-01T00:00:01Z\",\"split\":\"valid\",\"step\":1,\"tokens\":64,\"ppl\":0.1,\"best\":true,"
      "\"moe\":[{\"layer\":2,\"dead\":0,\"expert_tokens\":[1,2]}]}\n");
  put_file(directory / "b",
           "{\"step\":7,\"tokens\":9,\"ppl\":\"NaN\",\"loss\":\"-Infinity\",\"lr\":\"Infinity\"}\n{\"torn");
  const std::string text = csv_of({{"a", directory / "a", {}}, {"b,\"x\"", directory / "b", {}}});
  CHECK(text ==
        "run,step,split,tokens,time,loss,layer2_dead,ppl,lr\n"
        "a,1,train,64,2026-01-01T00:00:00Z,2.5,1,,\n"
        "a,1,valid,64,2026-01-01T00:00:01Z,,0,0.1,\n"
        "\"b,\"\"x\"\"\",7,train,9,,-inf,,nan,inf\n");
}

TEST_CASE("a damaged log is refused with its line") {
  const TemporaryDirectory directory;
  put_file(directory / "a", "{\"step\":1}\nnonsense\n");
  CHECK(error_exit([&] { csv_of({{"a", directory / "a", {}}}); }) == Exit::bad_data);
  CHECK(holds(error_text([&] { csv_of({{"a", directory / "a", {}}}); }), "line 2"));
}
