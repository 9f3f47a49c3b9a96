// Event files beside a log: their names, their order, and trouble with them.
#include "tensorboard/event_log.hpp"

#include "io/file.hpp"
#include "support/catch.hpp"
#include "support/event_file.hpp"
#include "support/faulty_file_system.hpp"
#include "support/temporary_directory.hpp"

using namespace moelm;

namespace {

Json step_line(Index step) { return {{"step", step}, {"loss", 1.0 / static_cast<double>(step)}}; }

std::vector<std::string> event_files(const std::string& run) {
  std::vector<std::string> names;
  for (const std::string& name : list_directory(run))
    if (name.starts_with("events.out.tfevents.")) names.push_back(name);
  return names;
}

/// Counts the warnings.
struct Warnings {
  std::vector<std::string> texts;
  std::function<void(const std::string&)> take() {
    return [this](const std::string& text) { texts.push_back(text); };
  }
};

}  // namespace

TEST_CASE("a process has a file of its own, which sorts behind the earlier ones") {
  const TemporaryDirectory run;
  Warnings warnings;
  for (int process = 0; process < 3; ++process) {
    EventLog log(run.path(), warnings.take());
    CHECK(event_files(run.path()).size() == static_cast<std::size_t>(process));
    log.write({{"event", "resume"}, {"step", 10 * process}});
    log.write(step_line(10 * process + 1));
  }
  const auto names = event_files(run.path());
  REQUIRE(names.size() == 3);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto events = EventReader::read(get_file(run / names[i]));
    REQUIRE(events.size() == 3);
    CHECK(events[0].file_version == "brain.Event:2");
    CHECK(events[1].session_status == 1);
    CHECK(events[1].step == 10 * static_cast<Index>(i) + 1);
    CHECK(events[2].step == 10 * static_cast<Index>(i) + 1);
    CHECK(events[2].scalars.contains("train/loss"));
  }
  CHECK(warnings.texts.empty());
}

TEST_CASE("a full disk is told once, and no half record stays") {
  const TemporaryDirectory run;
  Warnings warnings;
  bool full = false;
  FaultyFileSystem files([&](const std::string& call, int) { return full && call == "write" ? ENOSPC : 0; });
  EventLog log(run.path(), warnings.take(), files);
  for (Index step = 1; step <= 9; ++step) {
    full = step >= 4 && step <= 6;
    log.write(step_line(step));
  }
  REQUIRE(warnings.texts.size() == 1);
  CHECK(warnings.texts[0].find("metrics.jsonl has everything") != std::string::npos);
  const auto events = EventReader::read(get_file(run / event_files(run.path()).at(0)));
  REQUIRE(events.size() == 10);
  for (std::size_t i = 1; i < events.size(); ++i) CHECK(events[i].step == static_cast<Index>(i));
}

TEST_CASE("a half record is cut off before the next one") {
  const TemporaryDirectory run;
  Warnings warnings;
  bool fails = false;
  FaultyFileSystem files([&](const std::string& call, int) { return fails && call == "write" ? EIO : 0; });
  EventLog log(run.path(), warnings.take(), files);
  log.write(step_line(1));
  const std::string path = run / event_files(run.path()).at(0);
  fails = true;
  log.write(step_line(2));
  put_file(path, get_file(path) + "half");  // as a write leaves it that stops in the middle
  fails = false;
  log.write(step_line(3));
  const auto events = EventReader::read(get_file(path));
  REQUIRE(events.size() == 4);
  CHECK(events[3].step == 3);
}

TEST_CASE("a folder that takes no file is told once") {
  const TemporaryDirectory run;
  Warnings warnings;
  EventLog log(run / "missing", warnings.take());
  for (Index step = 1; step <= 3; ++step) log.write(step_line(step));
  CHECK(warnings.texts.size() == 1);
}
