// CV^2 and its gradient.
#include "moe/balance.hpp"

#include "support/catch.hpp"
#include "support/close.hpp"

using namespace moelm;

TEST_CASE("CV^2 of known vectors") {
  REQUIRE(cv_squared(std::vector<double>{1, 2, 3, 4}) == Approx(0.2));
  REQUIRE(cv_squared(std::vector<double>{3, 3, 3}) == Approx(0.0).margin(1e-15));
  // One expert that holds everything: n - 1.
  REQUIRE(cv_squared(std::vector<double>{0, 0, 7, 0, 0}) == Approx(4.0));
  REQUIRE(cv_squared(std::vector<double>{5}) == 0.0);
  REQUIRE(cv_squared(std::vector<double>{0, 0}) == 0.0);
}

TEST_CASE("the gradient of CV^2 equals central differences, with and without epsilon") {
  const std::vector<double> v = {0.3, 1.7, 0.0, 2.2, 0.9};
  for (const double epsilon : {0.0, 1e-10, 0.5}) {
    std::vector<double> expected;
    for (std::size_t i = 0; i < v.size(); ++i) {
      std::vector<double> up = v, down = v;
      up[i] += 1e-6;
      down[i] -= 1e-6;
      expected.push_back(0.7 * (cv_squared(up, epsilon) - cv_squared(down, epsilon)) / 2e-6);
    }
    REQUIRE(mismatch("dCV^2", cv_squared_gradient(v, 0.7, epsilon), expected, 1e-8) == "");
  }
}
