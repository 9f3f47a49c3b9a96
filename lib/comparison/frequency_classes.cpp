#include "comparison/frequency_classes.hpp"

#include <algorithm>
#include <unordered_map>

#include "base/quantity.hpp"

namespace moelm {

namespace {

constexpr Index kLineEnd = 0, kUnknown = 1, kFirstBand = 2;
constexpr Index kBands = 6;  // of counts: 0, 1 to 9, 10 to 99, ... from 10,000
constexpr Index kMaxRank = 10'000;

enum class Order { counts, ranks, none };

Order order_of(const Tokenizer* vocabulary) {
  if (vocabulary == nullptr) return Order::none;
  for (std::int32_t id = 0; id < vocabulary->vocabulary_size(); ++id)
    if (vocabulary->count(id) > 0) return Order::counts;
  return vocabulary->keeps_bytes() ? Order::none : Order::ranks;
}

/// The number of decimal digits of a count, at most kBands - 1; 0 for 0.
Index count_band(Index count) {
  Index band = 0;
  for (; count > 0 && band < kBands - 1; count /= 10) ++band;
  return band;
}

/// Ranks 1 to 10, 11 to 100, ...
Index rank_band(Index rank) {
  Index band = 0;
  for (Index limit = 10; limit <= kMaxRank && rank > limit; limit *= 10) ++band;
  return band;
}

std::vector<std::string> class_names(Order order) {
  std::vector<std::string> names = {"line ends", "<unk>"};
  if (order == Order::none) names.emplace_back("other tokens");
  if (order == Order::counts) {
    names.emplace_back("not in training");
    for (Index from = 1; from < 10'000; from *= 10)
      names.push_back(format_count(from) + " to " + format_count(10 * from - 1) + " times");
    names.emplace_back("10,000 times or more");
  }
  if (order == Order::ranks) {
    for (Index to = 10, from = 1; to <= kMaxRank; from = to + 1, to *= 10)
      names.push_back("ranks " + format_count(from) + " to " + format_count(to));
    names.push_back("ranks above " + format_count(kMaxRank));
  }
  return names;
}

}  // namespace

TokenClasses frequency_classes(const TokenScores& scores, const Tokenizer* vocabulary) {
  const Order order = order_of(vocabulary);
  TokenClasses classes{class_names(order), {}};
  std::unordered_map<std::string, std::int32_t> ids;
  for (std::int32_t id = 0; order != Order::none && id < vocabulary->vocabulary_size(); ++id)
    ids.emplace(vocabulary->token_text(id), id);
  const bool has_unknown = vocabulary == nullptr || vocabulary->unknown_id() >= 0;
  for (const std::string& token : scores.distinct()) {
    const auto id = ids.find(token);
    Index band = 0;
    if (id != ids.end() && order == Order::counts) band = count_band(vocabulary->count(id->second));
    if (order == Order::ranks) band = rank_band(id == ids.end() ? kMaxRank + 1 : Index{id->second} + 1);
    if (token == kEndText || token == "\n")
      classes.of_token.push_back(kLineEnd);
    else if (has_unknown && token == kUnknownText)
      classes.of_token.push_back(kUnknown);
    else
      classes.of_token.push_back(kFirstBand + band);
  }
  return classes;
}

}  // namespace moelm
