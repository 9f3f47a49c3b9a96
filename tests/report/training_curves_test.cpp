// Reading metrics back: resumed runs, broken lines, long runs.
#include "report/training_curves.hpp"

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace moelm;

namespace {

class MetricsFile {
 public:
  explicit MetricsFile(const std::string& text) { put_file(path(), text); }
  std::string path() const { return directory_ / "metrics.jsonl"; }

 private:
  TemporaryDirectory directory_;
};

}  // namespace

TEST_CASE("metrics become curves; events, broken lines and a line being written do not") {
  const MetricsFile file(
      R"({"step":1,"loss":9.0,"lr":0.1,"tokens_per_s":5,"moe":[{"layer":2,"cv_importance":0.5,"cv_load":0.25,"dead":3}]})"
      "\n"
      R"({"event":"resumed","step":1})"
      "\n"
      R"({"step":2,"loss":8.0,"lr":0.2,"moe":[{"layer":2,"cv_importance":0.25,"cv_load":0.125,"dead":[1,4]}]})"
      "\n"
      R"({"step":2,"split":"valid","ppl":300.5})"
      "\n\nnot json\n[1]\n"
      R"({"step":"x","moe":{}})"
      "\n"
      R"({"step":3,"loss":"NaN","moe":[7,{"layer":-1},{"layer":1e300}]})"
      "\n"
      R"({"step":4,"lo)");
  const TrainingCurves curves = read_training_curves(file.path());
  CHECK(curves.lines == 8);
  CHECK(curves.bad_lines == 3);
  const auto loss = curves.loss.points();
  REQUIRE(loss.size() == 2);
  CHECK(loss[1].x == 2);
  CHECK(loss[1].y == 8);
  REQUIRE(curves.valid_ppl.size() == 1);
  CHECK(curves.valid_ppl[0].y == 300.5);
  REQUIRE(curves.layers.size() == 1);
  CHECK(curves.layers[0].layer == 2);
  CHECK(curves.layers[0].dead.points()[1].y == 2);
  CHECK(curves.layers[0].cv_load.points()[1].y == 0.125);
}

TEST_CASE("steps that a resumed run repeats replace the first ones") {
  const MetricsFile file(
      "{\"step\":1,\"loss\":5}\n{\"step\":2,\"loss\":4}\n{\"step\":3,\"loss\":3}\n{\"step\":2,\"loss\":6}\n");
  const auto loss = read_training_curves(file.path()).loss.points();
  REQUIRE(loss.size() == 2);
  CHECK(loss[1].y == 6);
}

TEST_CASE("without a file there are no curves") { CHECK(read_training_curves("no-such-file.jsonl").empty()); }

TEST_CASE("a line beyond all measure is skipped, the next one is read") {
  const MetricsFile file("{\"x\":\"" + std::string(5 << 20, 'x') + "\"}\n{\"step\":1,\"loss\":5}\n");
  const TrainingCurves curves = read_training_curves(file.path());
  CHECK(curves.bad_lines == 1);
  CHECK(curves.loss.points().size() == 1);
}

TEST_CASE("long series are thinned by means, in bounded memory") {
  ThinnedSeries series;
  double sum = 0;
  for (int i = 0; i < 100'000; ++i) {
    series.add(i, i % 10);
    sum += i % 10;
  }
  const auto points = series.points();
  CHECK(points.size() <= ThinnedSeries::kMaxPoints);
  CHECK(points.size() >= ThinnedSeries::kMaxPoints / 4);
  double mean = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    mean += points[i].y / static_cast<double>(points.size());
    if (i > 0) CHECK(points[i].x > points[i - 1].x);
  }
  CHECK(mean == Approx(sum / 100'000).epsilon(0.01));
}
