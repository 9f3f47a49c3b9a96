#include "plot/picture.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace moelm {

namespace {

/// Okabe and Ito's palette without its yellow, which is too light on white.
constexpr std::array<Color, 7> kCurves = {
    {{0, 114, 178}, {213, 94, 0}, {0, 158, 115}, {204, 121, 167}, {230, 159, 0}, {86, 180, 233}, {60, 60, 60}}};
constexpr std::array<double, 3> kDashes = {0, 7, 2.5};

constexpr Color kLess = {29, 79, 168}, kEven = {236, 239, 243}, kMore = {184, 74, 12};

std::uint8_t between(std::uint8_t from, std::uint8_t to, double part) {
  return static_cast<std::uint8_t>(std::lround(from + part * (to - from)));
}

}  // namespace

Color curve_color(std::size_t curve) { return kCurves[curve % kCurves.size()]; }

double curve_dash(std::size_t curve) { return kDashes[curve / kCurves.size() % kDashes.size()]; }

Color level_color(double value, double scale) {
  const double part = std::clamp(value / scale, -1.0, 1.0);
  const Color end = part < 0 ? kLess : kMore;
  return {between(kEven.red, end.red, std::abs(part)), between(kEven.green, end.green, std::abs(part)),
          between(kEven.blue, end.blue, std::abs(part))};
}

}  // namespace moelm
