// Lines of metrics survive, are never mixed with lines of an abandoned continuation, and are never torn.
#include "checkpoint/metrics_log.hpp"

#include <cerrno>
#include <limits>
#include <vector>

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/temporary_directory.hpp"

using namespace moelm;

namespace {

std::vector<Json> lines_of(const std::string& path) {
  std::vector<Json> lines;
  for_each_metric(path, [&](const Json& line) { lines.push_back(line); });
  return lines;
}

Json step_line(int step) { return {{"step", step}, {"loss", 1.0 / step}}; }

}  // namespace

TEST_CASE("lines are read as written, and numbers that are not finite become names") {
  TemporaryDirectory run;
  auto log = MetricsLog::open(run.path(), {}, 0);
  log.write(step_line(1));
  log.write({{"step", 2}, {"loss", std::numeric_limits<double>::quiet_NaN()}});
  log.sync();
  const auto lines = lines_of(run / "metrics.jsonl");
  REQUIRE(lines.size() == 2);
  REQUIRE(lines[0] == step_line(1));
  REQUIRE(lines[1]["loss"] == "NaN");
  REQUIRE(log.position().bytes == static_cast<Index>(get_file(run / "metrics.jsonl").size()));
}

TEST_CASE("resuming from a checkpoint moves later lines aside and equals never having stopped") {
  TemporaryDirectory run, straight;
  MetricsPosition position;
  {
    auto log = MetricsLog::open(run.path(), {}, 0);
    for (int step = 1; step <= 3; ++step) log.write(step_line(step));
    position = log.position();
    for (int step = 4; step <= 5; ++step) log.write(step_line(step));
  }
  put_file(run / "metrics.jsonl", get_file(run / "metrics.jsonl") + "{\"step\": 6, \"lo");
  const std::string all = get_file(run / "metrics.jsonl");
  {
    auto log = MetricsLog::open(run.path(), position, 3);
    REQUIRE(log.warning() == "");
    REQUIRE(log.position().sha256 == position.sha256);
    REQUIRE(get_file(run / "metrics.jsonl") + get_file(run / "metrics.discarded-3.jsonl") == all);
    for (int step = 4; step <= 8; ++step) log.write(step_line(step));
  }
  {
    auto log = MetricsLog::open(straight.path(), {}, 0);
    for (int step = 1; step <= 8; ++step) log.write(step_line(step));
  }
  REQUIRE(get_file(run / "metrics.jsonl") == get_file(straight / "metrics.jsonl"));
}

TEST_CASE("discarded lines are never overwritten") {
  TemporaryDirectory run;
  put_file(run / "metrics.jsonl", "{\"a\": 1}\n");
  MetricsLog::open(run.path(), {}, 0);
  put_file(run / "metrics.jsonl", "{\"a\": 2}\n");
  MetricsLog::open(run.path(), {}, 0);
  REQUIRE(get_file(run / "metrics.discarded-0.jsonl") == "{\"a\": 1}\n");
  REQUIRE(get_file(run / "metrics.discarded-0-1.jsonl") == "{\"a\": 2}\n");
  REQUIRE(get_file(run / "metrics.jsonl").empty());
}

TEST_CASE("a log that the checkpoint does not know keeps its lines except a torn one, and warns") {
  TemporaryDirectory run;
  put_file(run / "metrics.jsonl", "{\"a\": 1}\n{\"a\": ");
  MetricsPosition position{1000, std::string(64, '0')};
  SECTION("shorter than the checkpoint expects") {}
  SECTION("with other contents") { position.bytes = 9; }
  auto log = MetricsLog::open(run.path(), position, 7);
  REQUIRE(holds(log.warning(), "metrics.jsonl"));
  log.write({{"a", 2}});
  REQUIRE(lines_of(run / "metrics.jsonl") == std::vector<Json>{{{"a", 1}}, {{"a", 2}}});
  REQUIRE(get_file(run / "metrics.discarded-7.jsonl") == "{\"a\": ");
}

TEST_CASE("lines that cannot be written wait in memory, and none is written in part") {
  struct Full : FileSystem {
    ssize_t write(int d, const void* bytes, std::size_t count) override {
      if (!full) return FileSystem::write(d, bytes, count);
      if (count > 3) return FileSystem::write(d, bytes, 3);
      errno = ENOSPC;
      return -1;
    }
    int ftruncate(int d, off_t size) override {
      errno = EIO;
      return stuck ? -1 : FileSystem::ftruncate(d, size);
    }
    bool full = false, stuck = false;
  } fs;
  TemporaryDirectory run;
  auto log = MetricsLog::open(run.path(), {}, 0, fs);
  log.write(step_line(1));
  fs.full = true;
  for (int step = 2; step <= 4; ++step) {
    fs.stuck = step == 3;  // a partly written line cannot even be removed
    log.write(step_line(step));
    REQUIRE(holds(log.trouble(), "metrics.jsonl"));
  }
  REQUIRE(error_exit([&] { log.sync(); }) == Exit::io);
  fs.full = fs.stuck = false;
  log.write(step_line(5));
  REQUIRE(log.trouble().empty());
  std::vector<Json> all;
  for (int step = 1; step <= 5; ++step) all.push_back(step_line(step));
  REQUIRE(lines_of(run / "metrics.jsonl") == all);
  REQUIRE(log.position().bytes == static_cast<Index>(get_file(run / "metrics.jsonl").size()));
}

TEST_CASE("after a failed sync the log is rewritten, never synced again") {
  struct Failing : FileSystem {
    int fdatasync(int d) override {
      struct stat status {};
      FileSystem::fstat(d, &status);
      synced.push_back(status.st_ino);
      errno = EIO;
      return fails ? -1 : FileSystem::fdatasync(d);
    }
    bool fails = true;
    std::vector<ino_t> synced;
  } fs;
  TemporaryDirectory run;
  auto log = MetricsLog::open(run.path(), {}, 0, fs);
  log.write(step_line(1));
  REQUIRE(error_exit([&] { log.sync(); }) == Exit::io);
  fs.fails = false;
  log.write(step_line(2));
  log.sync();
  REQUIRE(fs.synced.size() == 2);
  REQUIRE(fs.synced[0] != fs.synced[1]);
  log.write(step_line(3));
  REQUIRE(lines_of(run / "metrics.jsonl") == std::vector<Json>{step_line(1), step_line(2), step_line(3)});
  REQUIRE(list_directory(run.path()) == std::vector<std::string>{"metrics.jsonl"});
}

TEST_CASE("readers ignore a torn last line and name any other bad line") {
  TemporaryDirectory run;
  const std::string path = run / "m";
  put_file(path, "{\"a\": 1}\n{\"a\"");
  REQUIRE(lines_of(path).size() == 1);
  put_file(path, "{\"a\": 1}\nnonsense\n");
  REQUIRE(holds(error_text([&] { lines_of(path); }), "line 2"));
  put_file(path, "{\"a\": 1}\n[1]\n");
  REQUIRE(holds(error_text([&] { lines_of(path); }), "line 2: expected an object"));
  put_file(path, "");
  REQUIRE(lines_of(path).empty());
}
