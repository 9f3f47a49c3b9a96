// The content of a moe-stats report: what text, JSON and page all show.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/index.hpp"
#include "statistics/expert_statistics.hpp"

namespace moelm {

/// A place where an expert had a high gate. Texts are raw bytes of the corpus: escape them before showing.
struct ContextWords {
  double gate = 0;
  Index row = 0;
  std::string before, token, after;
};

struct TokenUse {
  std::string token;
  std::int32_t id = 0;
  Index count = 0;
  double share = 0;
  double lift = 0;
};

struct ExpertWords {
  std::vector<TokenUse> by_lift, by_count;
  std::vector<ContextWords> contexts;
};

/// How to turn rows and ids back into words.
struct TextAccess {
  std::function<std::string(std::int32_t)> token_text;
  /// Tokens read by rows [begin, begin + count) into `out`.
  std::function<void(Index begin, Index count, std::vector<std::int32_t>& out)> tokens;
  Index rows = 0;               ///< rows of the text
  std::string separator = " ";  ///< between tokens; empty for bytes and byte pairs
  Index radius = 8;             ///< tokens shown before and after
};

struct LayerReport {
  LayerStatistics statistics;
  std::vector<ExpertWords> words;  ///< [experts]
};

/// One row of a short text: what was read, what came next, and which experts of each layer served it.
struct RoutedToken {
  std::string token, next;                                           ///< read and predicted; any bytes
  double probability = 0;                                            ///< that the model gave to `next`
  std::vector<std::vector<std::pair<std::int32_t, float>>> experts;  ///< [layers]: expert and gate, by falling gate
};

struct StatisticsReport {
  std::string title;
  std::vector<std::pair<std::string, std::string>> facts;  ///< what was read with what: shown in this order
  Index tokens = 0;
  double perplexity = 0;   ///< 0: unknown
  std::string class_kind;  ///< what a class is: "token class", "file", "label"
  std::vector<std::string> class_names;
  bool classes_of_tokens = true;  ///< a class is a function of the token, so nothing is to be known beyond it
  std::vector<LayerReport> layers;
  std::vector<RoutedToken> sentence;  ///< every row of a short text, else empty
  bool only_sentence = false;         ///< too few tokens for anything else
  std::string token_separator = " ";  ///< between the tokens of a text; empty for bytes and byte pairs
};

/// What every report says about its counts.
inline constexpr const char* kNoiseNote =
    "Noisy gates draw noise in training only, so these counts differ from those of training.";

/// A text of at most this many tokens is shown token by token ...
inline constexpr Index kSentenceTokens = 64;
/// ... and one of this many if it was given as a sentence.
inline constexpr Index kMaxSentenceTokens = 1000;

/// Adds words: the tokens that each expert prefers, and at most `contexts` different places with its highest gates.
LayerReport describe_layer(LayerStatistics statistics, const TextAccess& text, Index contexts = 6);

/// At most `room` experts to show: all by number if they fit; otherwise the most used half, then the least used half,
/// each by falling count.
std::vector<Index> shown_experts(const LayerStatistics& statistics, Index room);

/// log2 of P(expert | class) / P(expert), so 0 is no preference. NaN for a class with fewer than 5 rows.
double class_preference(const LayerStatistics& statistics, Index label, Index expert);

/// log2 of observed over expected pairs of two experts. Expected is a share of all pairs in proportion to the product
/// of their tokens. NaN where less than one token is expected.
double pair_preference(const LayerStatistics& statistics, Index a, Index b);

}  // namespace moelm
