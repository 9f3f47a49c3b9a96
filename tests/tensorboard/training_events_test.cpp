// train.tensorboard: event files that say what metrics.jsonl says, also over a resumption.
#include "checkpoint/metrics_log.hpp"
#include "support/catch.hpp"
#include "support/event_file.hpp"
#include "support/short_run.hpp"

using namespace moelm;

namespace {

std::vector<std::vector<ReadEvent>> events_of(const std::string& run) {
  std::vector<std::vector<ReadEvent>> files;
  for (const std::string& name : list_directory(run))
    if (name.starts_with("events.out.tfevents.")) files.push_back(EventReader::read(get_file(join_path(run, name))));
  return files;
}

/// Every line of the log that has numbers, against the events in order.
void check_same(const std::string& run, const std::vector<ReadEvent>& events) {
  std::size_t next = 0;
  for_each_metric(join_path(run, "metrics.jsonl"), [&](const Json& line) {
    if (line.contains("event")) return;
    REQUIRE(next < events.size());
    const ReadEvent& event = events[next++];
    const std::string prefix = line.contains("split") ? "valid/" : "train/";
    CHECK(event.step == line["step"].get<Index>());
    CHECK(event.scalars.at(prefix + "loss") == line["loss"].get<float>());
    const Json& layer = line["moe"].at(0);
    const std::string name = "moe/layer" + layer["layer"].dump();
    CHECK(event.scalars.at((prefix == "valid/" ? prefix : "") + name + "/cv_load") == layer["cv_load"].get<float>());
    if (prefix == "valid/")
      CHECK(event.histograms.at(name + "/load").num == static_cast<double>(layer["expert_load"].size()));
  });
  CHECK(next == events.size());
}

}  // namespace

TEST_CASE("without the key there are no event files") {
  ShortRuns runs;
  runs.train("run", runs.fresh("run"));
  CHECK(events_of(runs.path("run")).empty());
}

TEST_CASE("event files say what the log says, and a resumption starts anew behind its checkpoint") {
  ShortRuns runs;
  runs.config.train.tensorboard = true;
  runs.train("run", runs.fresh("run"));
  auto files = events_of(runs.path("run"));
  REQUIRE(files.size() == 1);
  CHECK(files[0].front().file_version == "brain.Event:2");
  check_same(runs.path("run"), {files[0].begin() + 1, files[0].end()});

  StoredRun longer = read_run(runs.path("run"));
  longer.config.train.steps = 16;
  runs.train("run", longer);
  files = events_of(runs.path("run"));
  REQUIRE(files.size() == 2);
  CHECK(files[1].at(1).session_status == 1);
  CHECK(files[1].at(1).step == 13);
  std::vector<ReadEvent> all(files[0].begin() + 1, files[0].end());
  all.insert(all.end(), files[1].begin() + 2, files[1].end());
  check_same(runs.path("run"), all);
}

TEST_CASE("event files change nothing of what is trained") {
  ShortRuns runs;
  runs.train("plain", runs.fresh("plain"));
  runs.config.train.tensorboard = true;
  runs.train("watched", runs.fresh("watched"));
  const auto weights = [&](const std::string& run) {
    return get_file(runs.path(run) + "/checkpoints/step-000000000012/model.safetensors");
  };
  CHECK(weights("plain") == weights("watched"));
}
