// The disk space of a run is known before it begins. If the free space is unknown, nothing is refused.
#include "checkpoint/disk_plan.hpp"

#include "checkpoint/tiny_session.hpp"
#include "support/catch.hpp"
#include "support/faulty_file_system.hpp"
#include "support/simulated_disk.hpp"

using namespace moelm;

TEST_CASE("kept checkpoints, the best one and one being written need room") {
  SimulatedDisk disk;
  disk.capacity = std::size_t{4} << 20;
  const DiskPlan plan = plan_disk("/new/run", Index{1} << 20, 3, true, disk);
  REQUIRE(plan.checkpoint > Index{1} << 20);
  REQUIRE(plan.max_copies == 5);
  REQUIRE(plan.min_copies == 3);
  REQUIRE(plan.fits());
  REQUIRE_FALSE(plan.fits_all());
  REQUIRE(plan_disk("/new/run", Index{1} << 20, 1, false, disk).max_copies == 2);
  REQUIRE_FALSE(plan_disk("/new/run", Index{2} << 20, 1, true, disk).fits());
  REQUIRE_FALSE(path_exists("/new", disk));
}

TEST_CASE("the bytes of the run's own checkpoints count as room") {
  SimulatedDisk disk;
  REQUIRE(tiny_session(disk, "/run", 1).promised);
  const Index before = plan_disk("/run", 1, 1, true, disk).room.value();
  REQUIRE(tiny_session(disk, "/run", 2).promised);
  const Index after = plan_disk("/run", 1, 1, true, disk).room.value();
  REQUIRE(before - after < 400);  // except for the log
  REQUIRE(free_bytes("/run", disk) < after);
}

TEST_CASE("if the room is unknown, nothing is refused") {
  FaultyFileSystem unknown([](const std::string& call, int) { return call == "statvfs" ? ENOSYS : 0; });
  const DiskPlan plan = plan_disk("/", Index{1} << 60, 3, true, unknown);
  REQUIRE_FALSE(plan.room.has_value());
  REQUIRE(plan.fits());
  REQUIRE(plan.fits_all());
}
