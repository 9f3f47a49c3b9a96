// Pictures of runs: every run and point in its place, and honest words where there is nothing to show.
#include "plot/run_plot.hpp"

#include <cmath>
#include <set>

#include "plot/plot_panel.hpp"
#include "plot/run_summary.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/temporary_directory.hpp"

using namespace moelm;

namespace {

/// A run whose loss at step s is `loss` + 1 / s, with three validations.
void put_log(const TemporaryDirectory& directory, const std::string& run, double loss) {
  std::filesystem::create_directories(directory / run);
  std::string log;
  for (int step = 1; step <= 30; ++step) {
    log += R"({"step":)" + std::to_string(step) + R"(,"tokens":)" + std::to_string(100 * step) + R"(,"loss":)" +
           std::to_string(loss + 1.0 / step) + R"(,"lr":0.01,"tokens_per_s":1000,"moe":[{"layer":2,"cv_load":0.5,)" +
           R"("cv_importance":0.25,"max_over_mean_load":2,"dead":0}]})" + "\n";
    if (step % 10 == 0)
      log += R"({"split":"valid","step":)" + std::to_string(step) + R"(,"tokens":)" + std::to_string(100 * step) +
             R"(,"ppl":)" + std::to_string(std::exp(loss)) + R"(,"moe":[{"layer":2,"expert_tokens":[)" +
             std::to_string(step) + "," + (step == 30 ? "0" : "7") + ",0]}]}\n";
  }
  put_file(directory / (run + "/metrics.jsonl"), log);
}

template <class Shape>
std::vector<Shape> all_of(const Picture& picture) {
  std::vector<Shape> found;
  for (const PictureShape& shape : picture.shapes)
    if (const auto* one = std::get_if<Shape>(&shape)) found.push_back(*one);
  return found;
}

bool has_text(const Picture& picture, const std::string& text) {
  for (const PictureText& t : all_of<PictureText>(picture))
    if (t.text == text) return true;
  return false;
}

}  // namespace

TEST_CASE("several runs in one picture: names, colors, and the better one below") {
  const TemporaryDirectory directory;
  put_log(directory, "good", 2);
  put_log(directory, "bad", 3);
  const auto runs = read_runs({directory / "good", directory / "bad/"}, CurveAxis::step);
  CHECK(runs[0].name == "good");
  CHECK(runs[1].name == "bad");
  const Picture picture = plot_runs(runs, {{PlotKind::perplexity}, CurveAxis::step});
  CHECK(has_text(picture, "good"));
  CHECK(has_text(picture, "bad"));
  CHECK(has_text(picture, "optimizer step"));
  const auto dots = all_of<PictureDot>(picture);
  REQUIRE(dots.size() == 6);
  std::map<std::uint8_t, double> height;
  for (const PictureDot& dot : dots) height[dot.color.red] = dot.y;
  CHECK(height.at(curve_color(0).red) > height.at(curve_color(1).red));
  for (const PictureLine& line : all_of<PictureLine>(picture))
    for (const CurvePoint p : line.points) {
      CHECK((p.x >= 0 && p.x <= picture.width));
      CHECK((p.y >= 0 && p.y <= picture.height));
    }
  CHECK(picture.texts.title == "Training of good, bad");
}

TEST_CASE("the axis may count tokens") {
  const TemporaryDirectory directory;
  put_log(directory, "run", 2);
  const auto runs = read_runs({directory / "run"}, CurveAxis::tokens);
  CHECK(runs[0].curves.valid_ppl.back().x == 3000);
  CHECK(runs[0].curves.loss.points().back().x == 3000);
  CHECK(has_text(plot_runs(runs, {{PlotKind::speed}, CurveAxis::tokens}), "training tokens"));
}

TEST_CASE("every kind of panel draws something inside the picture") {
  const TemporaryDirectory directory;
  put_log(directory, "run", 2);
  const auto runs = read_runs({directory / "run"}, CurveAxis::step);
  for (const auto& [name, kind] : EnumNames<PlotKind>::values) {
    INFO(name);
    const Picture picture = plot_runs(runs, {{kind}, CurveAxis::step});
    CHECK(picture.shapes.size() > 5);
    CHECK(picture.height > 100);
    for (const PictureText& text : all_of<PictureText>(picture)) CHECK((text.y > 0 && text.y < picture.height));
  }
}

TEST_CASE("the use of experts: a box for each validation, an empty one without a token") {
  const TemporaryDirectory directory;
  put_log(directory, "run", 2);
  const auto runs = read_runs({directory / "run"}, CurveAxis::step);
  const Picture picture = plot_runs(runs, {{PlotKind::experts}, CurveAxis::step});
  std::size_t filled = 0, empty = 0;
  for (const PictureBox& box : all_of<PictureBox>(picture))
    if (box.height == 15) ++(box.outline ? empty : filled);
  CHECK(filled == 5);  // expert 0 three times, expert 1 twice
  CHECK(empty == 4);   // expert 1 at the end, expert 2 always
}

TEST_CASE("what has nothing to show is refused, with the reason") {
  const TemporaryDirectory directory;
  CHECK(error_exit([&] { read_runs({directory / "none"}, CurveAxis::step); }) == Exit::missing_input);
  std::filesystem::create_directories(directory / "run");
  put_file(directory / "run/metrics.jsonl", "no metrics\n\n");
  CHECK(error_exit([&] { read_runs({directory / "run"}, CurveAxis::step); }) == Exit::bad_data);
  put_file(directory / "run/metrics.jsonl", "{\"step\":1,\"tokens\":9,\"loss\":2}\n");
  const auto runs = read_runs({directory / "run"}, CurveAxis::step);
  CHECK(error_exit([&] {
          plot_runs(runs, {{PlotKind::perplexity, PlotKind::experts}, CurveAxis::step});
        }) == Exit::bad_data);
  CHECK(error_exit([&] { plot_runs(runs, {{PlotKind::perplexity}, CurveAxis::step}); }) == Exit::ok);
}

TEST_CASE("numbers of runs say who died") {
  const TemporaryDirectory directory;
  put_log(directory, "run", 2);
  const auto runs = read_runs({directory / "run"}, CurveAxis::step);
  const Json run = runs_json(runs)["runs"][0];
  CHECK(run["steps"] == 30);
  CHECK(run["tokens"] == 3000);
  CHECK(run["best_ppl"].get<double>() == Approx(std::exp(2)));
  CHECK(run["best_at"] == 10);
  const Json layer = run["layers"][0];
  CHECK(layer["never_used"] == Json::array({2}));
  CHECK(layer["died"] == Json::array({{{"expert", 1}, {"step", 30}}}));
  const std::string text = runs_text(runs, 200);
  CHECK(holds(text, "run, layer 2, 3 experts in 3 validations: 1 never used, 1 died, 0 came back"));
}
