// The use of experts over training, against small histories counted by hand.
#include "report/expert_history.hpp"

#include "report/training_curves.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace moelm;

TEST_CASE("use is relative to the mean, and what moves is half of all changes") {
  ExpertHistory history(2);
  history.add(10, {1, 1, 1, 1});
  history.add(20, {3, 1, 0, 0});
  REQUIRE(history.validations() == 2);
  CHECK(history.use(0, 3) == 1);
  CHECK(history.use(1, 0) == 3);
  CHECK(history.use(1, 2) == 0);
  CHECK(history.moved(1) == Approx(0.5));  // the quarters of experts 2 and 3 went to expert 0
}

TEST_CASE("who died, who never lived, who came back") {
  ExpertHistory history(2);
  history.add(1, {5, 5, 0, 0, 5});
  history.add(2, {5, 0, 0, 5, 5});
  history.add(3, {5, 0, 0, 5, 0});
  history.add(4, {5, 0, 0, 5, 5});
  const std::vector<ExpertFate> all = fates(history);
  REQUIRE(all.size() == 5);
  CHECK_FALSE(all[0].unused_since);
  CHECK_FALSE(all[0].revived);
  CHECK(all[1].unused_since == 2);
  CHECK(all[1].ever_used);
  CHECK(all[2].unused_since == 1);
  CHECK_FALSE(all[2].ever_used);
  CHECK(all[3].revived);  // unused in the first validation
  CHECK(all[3].ever_used);
  CHECK(all[4].revived);
  CHECK_FALSE(all[4].unused_since);
  CHECK(all[0].first == Approx(5.0 / 3));
  CHECK(all[0].last == Approx(5.0 / 3));
  CHECK(all[0].largest_change == Approx(2.5 - 5.0 / 3));
}

TEST_CASE("a resumed run replaces what it repeats; nonsense is left out") {
  ExpertHistory history(0);
  history.add(10, {1, 1});
  history.add(20, {1, 1});
  history.add(30, {1, 1});
  history.add(20, {2, 0});
  REQUIRE(history.validations() == 2);
  CHECK(history.use(1, 0) == 2);
  history.add(40, {1, 1, 1});
  history.add(40, {0, 0});
  history.add(40, {});
  CHECK(history.validations() == 2);
  CHECK(fates(ExpertHistory(1)).empty());
}

TEST_CASE("a history of any length takes bounded memory, and ends with the last validation") {
  ExpertHistory history(0);
  for (int step = 1; step <= 1000; ++step) history.add(step, {static_cast<double>(step), 1});
  CHECK(history.validations() <= ExpertHistory::kMaxValidations);
  CHECK(history.validations() >= ExpertHistory::kMaxValidations / 2);
  CHECK(history.step(0) == 1);
  CHECK(history.step(history.validations() - 1) == 1000);
  for (std::size_t v = 1; v < history.validations(); ++v) CHECK(history.step(v) > history.step(v - 1));
}

TEST_CASE("histories come from the validations of a log, whatever else is in it") {
  const TemporaryDirectory directory;
  const std::string path = directory / "metrics.jsonl";
  put_file(
      path,
      R"({"split":"valid","step":5,"ppl":9,"moe":[{"layer":2,"expert_tokens":[3,1]},{"layer":4,"expert_tokens":[1,1]}]})"
      "\n"
      R"({"step":6,"loss":1,"moe":[{"layer":2,"expert_tokens":[9,9]}]})"
      "\n"
      R"({"split":"valid","step":9,"ppl":9,"moe":[{"layer":2,"expert_tokens":[1,"NaN"]},7,{"layer":"x"},{"expert_tokens":[1]}]})"
      "\n"
      R"({"split":"valid","step":10,"ppl":9,"moe":[{"layer":2,"expert_tokens":[1,1]}]})"
      "\n");
  const TrainingCurves curves = read_training_curves(path);
  REQUIRE(curves.history.size() == 2);
  CHECK(curves.history[0].layer() == 2);
  REQUIRE(curves.history[0].validations() == 2);
  CHECK(curves.history[0].use(0, 0) == 1.5);
  CHECK(curves.history[0].step(1) == 10);
  CHECK(curves.history[1].validations() == 1);
}
