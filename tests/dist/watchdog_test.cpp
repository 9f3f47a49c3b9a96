#include "dist/watchdog.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <functional>
#include <string>
#include <thread>

#include "support/catch.hpp"

using namespace moelm;

namespace {

struct End {
  int code = -1;
  std::string said;
};

/// What becomes of a process that waits as `wait` does and then ends with 0.
End end_of(const std::function<void(Watchdog&)>& wait) {
  std::array<int, 2> said{};
  REQUIRE(pipe(said.data()) == 0);
  const pid_t child = fork();
  if (child == 0) {
    Watchdog dog("rank 1 (here)", [&](const std::string& line) {
      if (write(said[1], line.data(), line.size()) < 0) _exit(99);
    });
    dog.set_patience(1);
    wait(dog);
    _exit(0);
  }
  close(said[1]);
  End end;
  std::array<char, 512> text{};
  for (ssize_t n = 0; (n = read(said[0], text.data(), text.size())) > 0;)
    end.said.append(text.data(), static_cast<std::size_t>(n));
  close(said[0]);
  int status = 0;
  waitpid(child, &status, 0);
  end.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return end;
}

void sleep_for(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("watchdog: a wait within a step ends after the patience, by name") {
  const End end = end_of([](Watchdog& dog) {
    dog.note_step(7);
    const Watchdog::Wait wait(dog, Phase::expert_rows);
    dog.note_peers({0, -1, 2, 2});
    sleep_for(4);
  });
  REQUIRE(end.code == 75);
  REQUIRE(contains(end.said, "rank 1 (here): expected an answer within 1 s, found none: step 7"));
  REQUIRE(contains(end.said, "phase \"rows to experts\", no message of rank 0 2;"));
}

TEST_CASE("watchdog: who does not wait, or waits often and shortly, is left alone") {
  const End end = end_of([](Watchdog& dog) {
    sleep_for(2.5);
    for (int i = 0; i < 10; ++i) {
      const Watchdog::Wait wait(dog, Phase::faults);
      sleep_for(0.25);
    }
  });
  REQUIRE(end.code == 0);
}

TEST_CASE("watchdog: the next order may come late while the leader gives signs of life") {
  const End end = end_of([](Watchdog& dog) {
    dog.expect_signs_of_life();
    const Watchdog::Wait wait(dog, Phase::order);
    for (int i = 0; i < 12; ++i) {
      sleep_for(0.25);
      dog.note_sign_of_life();
    }
  });
  REQUIRE(end.code == 0);
}

TEST_CASE("watchdog: a leader without signs of life gives no order") {
  const End end = end_of([](Watchdog& dog) {
    dog.expect_signs_of_life();
    const Watchdog::Wait wait(dog, Phase::order);
    dog.note_peers({0});
    sleep_for(4);
  });
  REQUIRE(end.code == 75);
  REQUIRE(contains(end.said, "expected a sign of life within 1 s"));
  REQUIRE(contains(end.said, "phase \"waiting for the next order\", no message of rank 0"));
}

TEST_CASE("watchdog: where no signs can be given the next order may take ten times as long") {
  const End end = end_of([](Watchdog& dog) {
    const Watchdog::Wait wait(dog, Phase::order);
    sleep_for(3);
  });
  REQUIRE(end.code == 0);
}

TEST_CASE("watchdog: signs of life help for ten times the patience") {
  const End end = end_of([](Watchdog& dog) {
    dog.expect_signs_of_life();
    const Watchdog::Wait wait(dog, Phase::order);
    for (int i = 0; i < 60; ++i) {
      sleep_for(0.25);
      dog.note_sign_of_life();
    }
  });
  REQUIRE(end.code == 75);
  REQUIRE(contains(end.said, "expected an order within 10 s"));
}
