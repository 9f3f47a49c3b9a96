// A small random routing with its facts, for tests that compare with brute force.
#pragma once

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "moe/routing.hpp"
#include "statistics/expert_statistics.hpp"

namespace moelm {

struct RoutedText {
  std::vector<Index> row;
  std::vector<std::int32_t> token, label;
  std::vector<Routing> chunks;
  std::vector<Index> begins;  ///< first row of each chunk

  RowFacts facts(std::size_t chunk) const {
    const auto begin = static_cast<std::size_t>(begins[chunk]);
    const auto rows = static_cast<std::size_t>(chunks[chunk].rows);
    return {std::span(row).subspan(begin, rows), std::span(token).subspan(begin, rows),
            std::span(label).subspan(begin, rows)};
  }
};

struct TextShape {
  Index rows = 200, experts = 6, k = 2, vocabulary = 11, labels = 3, chunk = 37;
};

/// Experts depend on token and label, the last expert is never chosen, and a row in ten has no label.
inline RoutedText random_routing(const TextShape& shape, unsigned seed) {
  std::mt19937 random(seed);
  const auto below = [&](Index n) { return static_cast<Index>(random() % static_cast<std::uint32_t>(n)); };
  RoutedText text;
  for (Index begin = 0; begin < shape.rows; begin += shape.chunk) {
    Routing r;
    r.rows = std::min(shape.chunk, shape.rows - begin);
    r.experts = shape.experts;
    r.sums.reset(shape.experts);
    r.begin.push_back(0);
    for (Index i = 0; i < r.rows; ++i) {
      text.row.push_back(begin + i);
      text.token.push_back(static_cast<std::int32_t>(below(shape.vocabulary)));
      text.label.push_back(below(10) == 0 ? -1 : static_cast<std::int32_t>(below(shape.labels)));
      const Index start = (text.token.back() + std::max(text.label.back(), 0) + below(2)) % (shape.experts - 1);
      double sum = 0;
      std::vector<double> weight;
      for (Index j = 0; j < shape.k; ++j) {
        weight.push_back(static_cast<double>(1 + below(5)) / static_cast<double>(j + 1));
        sum += weight.back();
      }
      std::sort(weight.rbegin(), weight.rend());
      for (Index j = 0; j < shape.k; ++j) {
        const Index e = (start + j) % (shape.experts - 1);
        r.expert.push_back(static_cast<std::int32_t>(e));
        r.gate.push_back(static_cast<float>(weight[j] / sum));
        r.sums.importance[e] += static_cast<double>(r.gate.back());
        r.sums.load[e] += static_cast<double>(1 + below(100)) / 100;
        ++r.sums.tokens[e];
      }
      r.begin.push_back(r.pairs());
    }
    text.begins.push_back(begin);
    text.chunks.push_back(std::move(r));
  }
  return text;
}

inline LayerStatistics accumulate(const RoutedText& text, const TextShape& shape, StatisticsOptions options = {},
                                  const PreferenceOptions& preference = {}) {
  options.experts = shape.experts;
  options.k = shape.k;
  options.vocabulary = shape.vocabulary;
  options.labels = shape.labels;
  ExpertStatistics statistics(options);
  for (std::size_t c = 0; c < text.chunks.size(); ++c) statistics.add(text.chunks[c], text.facts(c));
  return statistics.finish(preference);
}

}  // namespace moelm
