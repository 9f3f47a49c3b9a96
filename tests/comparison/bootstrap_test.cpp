// The paired bootstrap: closed forms of its standard error, its coverage, and what it must not depend on.
#include "comparison/bootstrap.hpp"

#include <cmath>
#include <random>

#include "support/catch.hpp"

using namespace moelm;

namespace {

using Sums = std::vector<std::vector<BlockSum>>;

std::vector<BlockSum> blocks_of(const std::vector<double>& differences, double weight = 1) {
  std::vector<BlockSum> blocks;
  for (const double d : differences) blocks.push_back({d * weight, weight});
  return blocks;
}

std::vector<double> normals(std::mt19937& random, std::size_t count, double mean, double deviation) {
  std::normal_distribution<double> normal(mean, deviation);
  std::vector<double> values(count);
  for (double& v : values) v = normal(random);
  return values;
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double v : values) sum += v;
  return sum / static_cast<double>(values.size());
}

/// Mean squared deviation from the mean.
double variance_of(const std::vector<double>& values) {
  const double mean = mean_of(values);
  double sum = 0;
  for (const double v : values) sum += (v - mean) * (v - mean);
  return sum / static_cast<double>(values.size());
}

}  // namespace

TEST_CASE("the standard error of a mean is the closed form, and the interval that of a normal") {
  std::mt19937 random(5);
  const std::vector<double> values = normals(random, 200, 0.3, 2);
  const BootstrapResult result = paired_bootstrap({blocks_of(values, 7)});
  const double error = std::sqrt(variance_of(values) / 200);
  CHECK(result.mean == Approx(mean_of(values)).epsilon(1e-12));
  CHECK(result.standard_error == Approx(error).epsilon(0.03));
  CHECK(result.low == Approx(result.mean - 1.96 * error).margin(0.08 * error));
  CHECK(result.high == Approx(result.mean + 1.96 * error).margin(0.08 * error));
}

TEST_CASE("seeds and blocks together: the variances of both means add up") {
  std::mt19937 random(6);
  const std::vector<double> of_seed = normals(random, 12, 0, 1), of_block = normals(random, 60, 1, 3);
  Sums sums;
  for (const double s : of_seed) {
    std::vector<double> values = of_block;
    for (double& v : values) v += s;
    sums.push_back(blocks_of(values));
  }
  const BootstrapResult result = paired_bootstrap(sums);
  CHECK(result.mean == Approx(mean_of(of_seed) + mean_of(of_block)).epsilon(1e-12));
  CHECK(result.standard_error ==
        Approx(std::sqrt(variance_of(of_seed) / 12 + variance_of(of_block) / 60)).epsilon(0.03));
  // The same seed twice knows no more than one.
  const BootstrapResult once = paired_bootstrap({sums[0]}), twice = paired_bootstrap({sums[0], sums[0]});
  CHECK(once.mean == Approx(twice.mean).epsilon(1e-12));
  CHECK(once.low == Approx(twice.low).epsilon(1e-12));
  CHECK(once.high == Approx(twice.high).epsilon(1e-12));
}

TEST_CASE("the 95 % interval covers the truth in about 95 % of 400 trials") {
  std::mt19937 random(7);
  const double truth = -0.02;
  int covered = 0, below = 0, above = 0;
  for (int trial = 0; trial < 400; ++trial) {
    const BootstrapResult r = paired_bootstrap({blocks_of(normals(random, 40, truth, 0.1))}, {1000, 0.95, 1});
    covered += r.low <= truth && truth <= r.high;
    below += truth < r.low;
    above += truth > r.high;
  }
  CHECK(covered >= 360);
  CHECK(covered <= 396);
  CHECK(below >= 2);
  CHECK(above >= 2);
}

TEST_CASE("coverage with several seeds, whose differences vary as well") {
  std::mt19937 random(8);
  const double truth = 0.5;
  int covered = 0;
  for (int trial = 0; trial < 400; ++trial) {
    const std::vector<double> of_block = normals(random, 30, truth, 0.2);
    Sums sums;
    for (const double s : normals(random, 10, 0, 0.1)) {
      std::vector<double> values = of_block;
      for (double& v : values) v += s;
      sums.push_back(blocks_of(values));
    }
    const BootstrapResult r = paired_bootstrap(sums, {500, 0.95, 1});
    covered += r.low <= truth && truth <= r.high;
  }
  CHECK(covered >= 350);
  CHECK(covered <= 396);
}

TEST_CASE("blocks count by weight: the mean is that of the units, not of the blocks") {
  const BootstrapResult result = paired_bootstrap({{{1, 1}, {-18, 9}}});
  CHECK(result.mean == Approx(-1.7));
  CHECK(result.low == Approx(-2));
  CHECK(result.high == Approx(1));
}

TEST_CASE("the draws are a function of the seed alone") {
  std::mt19937 random(9);
  const Sums sums = {blocks_of(normals(random, 33, 0, 1))};
  const BootstrapResult one = paired_bootstrap(sums), again = paired_bootstrap(sums);
  CHECK(one.low == again.low);
  CHECK(one.high == again.high);
  CHECK(paired_bootstrap(sums, {10'000, 0.95, 2}).low != one.low);
  // Scaled differences have the scaled interval: the draws do not depend on the values.
  Sums scaled = sums;
  for (BlockSum& block : scaled[0]) block.difference *= 4;
  CHECK(paired_bootstrap(scaled).low == Approx(4 * one.low).epsilon(1e-12));
}

TEST_CASE("a level that is higher gives a wider interval") {
  std::mt19937 random(10);
  const Sums sums = {blocks_of(normals(random, 50, 0, 1))};
  const BootstrapResult narrow = paired_bootstrap(sums, {10'000, 0.5, 1}),
                        wide = paired_bootstrap(sums, {10'000, 0.99, 1});
  CHECK(wide.low < narrow.low);
  CHECK(narrow.low < narrow.high);
  CHECK(narrow.high < wide.high);
  // The half of a normal lies within 0.6745 standard errors.
  CHECK(narrow.high - narrow.low == Approx(2 * 0.6745 * narrow.standard_error).epsilon(0.06));
}

TEST_CASE("without two blocks there is a difference and no interval") {
  for (const Sums& sums : {Sums{{{3, 2}}}, Sums{{{3, 2}, {0, 0}}}}) {
    const BootstrapResult result = paired_bootstrap(sums);
    CHECK(result.mean == Approx(1.5));
    CHECK(std::isnan(result.low));
    CHECK(std::isnan(result.high));
    CHECK(std::isnan(result.standard_error));
  }
  CHECK(std::isnan(paired_bootstrap({{{0, 0}}}).mean));
  // A part of the text that few blocks hold: resamples without it are left out.
  std::vector<BlockSum> rare(20);
  rare[3] = {2, 1};
  rare[9] = {4, 1};
  const BootstrapResult result = paired_bootstrap({rare});
  CHECK(result.mean == Approx(3));
  CHECK(result.low == Approx(2));
  CHECK(result.high == Approx(4));
}
