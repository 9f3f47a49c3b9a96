#include "comparison/compare_scores.hpp"

#include <algorithm>
#include <numeric>

#include "base/check.hpp"
#include "base/quantity.hpp"
#include "comparison/frequency_classes.hpp"
#include "comparison/same_tokens.hpp"

namespace moelm {

namespace {

/// Scores of one seed, unit by unit.
struct SeedScores {
  std::vector<double> a, b;
};

/// Error(bad_data) for the splits of two data folders that were made of different texts.
void require_same_text(const TokenScores& expected, const TokenScores& found) {
  if (expected.bytes() < 0 || found.bytes() < 0 || expected.bytes() == found.bytes()) return;
  throw Error(Exit::bad_data, found.name() + ": " + found.text() + ": expected the " +
                                  format_counted(expected.bytes(), "byte") + " of " + expected.text() + ", found " +
                                  format_count(found.bytes()) +
                                  "; each model was scored on its own data: give one text, or --data");
}

/// Error(bad_data) unless both texts have the same lines.
void require_same_lines(const TokenScores& expected, const Units& expected_units, const TokenScores& found,
                        const Units& found_units) {
  const auto line_of = [](const TokenScores& scores, const Units& units, Index u) {
    return scores.place(units.token_ends[u] - 1).line;
  };
  const Index both = std::min(expected_units.size(), found_units.size());
  for (Index u = 0; u < both; ++u) {
    const Index line = line_of(expected, expected_units, u), other = line_of(found, found_units, u);
    if (line == other) continue;
    throw Error(Exit::bad_data, found.name() + ": line " + std::to_string(u + 1) +
                                    " of the scored lines: expected line " + std::to_string(line) +
                                    " of the text as in " + expected.name() + ", found line " + std::to_string(other));
  }
  if (expected_units.size() != found_units.size())
    throw Error(Exit::bad_data, found.name() + ": lines: expected " + format_count(expected_units.size()) + " as in " +
                                    expected.name() + ", found " + format_count(found_units.size()));
}

UnitKind unit_kind(const std::vector<TokenScores>& a, const std::vector<TokenScores>& b, bool by_line) {
  for (const auto* side : {&a, &b})
    for (const TokenScores& scores : *side) by_line = by_line || other_tokenizers(a[0], scores);
  return by_line ? UnitKind::line : UnitKind::token;
}

/// The scores of a model by unit, after a check that its units are those of the reference.
std::vector<double> paired_nll(const TokenScores& reference, const Units& units, const TokenScores& scores) {
  require_same_text(reference, scores);
  if (units.kind == UnitKind::token) {
    require_same_tokens(reference, scores, "; --by-line compares models with different tokenizers");
    return scores.nll();
  }
  const Units own = make_units(scores, UnitKind::line);
  require_same_lines(reference, units, scores, own);
  return unit_nll(own, scores);
}

/// Sums up differences over a part of the text.
class PartSums {
 public:
  PartSums(const Units& units, const Blocks& blocks, const std::vector<SeedScores>& seeds)
      : units_(units), blocks_(blocks), seeds_(seeds) {}

  /// The difference over the units u with in_part(u), of the seeds [first, first + count).
  template <class InPart>
  Difference difference(const std::string& name, std::size_t first, std::size_t count, const InPart& in_part,
                        const BootstrapOptions& options) const {
    Difference d{name, 0, 0, 0, {}};
    std::vector<std::vector<BlockSum>> sums(count, std::vector<BlockSum>(blocks_.ends.size()));
    Index u = 0;
    for (std::size_t block = 0; block < blocks_.ends.size(); ++block)
      for (; u < blocks_.ends[block]; ++u) {
        if (!in_part(u)) continue;
        d.weight += units_.weights[u];
        for (std::size_t s = 0; s < count; ++s) {
          const double a = seeds_[first + s].a[u], b = seeds_[first + s].b[u];
          d.a += a;
          d.b += b;
          sums[s][block].difference += b - a;
          sums[s][block].weight += units_.weights[u];
        }
      }
    d.a /= d.weight * static_cast<double>(count);
    d.b /= d.weight * static_cast<double>(count);
    d.result = paired_bootstrap(sums, options);
    return d;
  }

 private:
  const Units& units_;
  const Blocks& blocks_;
  const std::vector<SeedScores>& seeds_;
};

/// The differences of all parts that have units; part_of(u) is the part of a unit.
template <class PartOf>
std::vector<Difference> differences(const PartSums& sums, std::size_t seeds, const std::vector<std::string>& names,
                                    const PartOf& part_of, const BootstrapOptions& options) {
  std::vector<Difference> parts;
  for (std::size_t part = 0; part < names.size(); ++part) {
    const auto in_part = [&](Index u) { return part_of(u) == part; };
    Difference d = sums.difference(names[part], 0, seeds, in_part, options);
    if (d.weight > 0) parts.push_back(std::move(d));
  }
  return parts;
}

std::vector<std::string> names_of(const std::vector<TokenScores>& side) {
  std::vector<std::string> names;
  for (const TokenScores& scores : side) names.push_back(scores.name());
  return names;
}

}  // namespace

Comparison compare_scores(const std::vector<TokenScores>& a, const std::vector<TokenScores>& b,
                          const CompareOptions& options, const Tokenizer* vocabulary) {
  ensure(!a.empty() && a.size() == b.size(), "seeds are paired by position");
  const TokenScores& reference = a[0];
  const Units units = make_units(reference, unit_kind(a, b, options.by_line));
  std::vector<SeedScores> seeds;
  for (std::size_t s = 0; s < a.size(); ++s)
    seeds.push_back({paired_nll(reference, units, a[s]), paired_nll(reference, units, b[s])});

  Comparison c;
  c.text = reference.text();
  c.tokens = reference.tokens();
  c.unit = units.kind;
  c.blocks = make_blocks(units, options.block);
  c.bootstrap = options.bootstrap;
  c.names_a = names_of(a);
  c.names_b = names_of(b);
  c.policy_a = a[0].policy();
  c.policy_b = b[0].policy();
  const PartSums sums(units, c.blocks, seeds);
  const auto everywhere = [](Index) { return true; };
  c.whole = sums.difference("", 0, seeds.size(), everywhere, options.bootstrap);
  for (std::size_t s = 0; s < seeds.size(); ++s)
    c.seeds.push_back(sums.difference("", s, 1, everywhere, options.bootstrap));

  if (units.kind == UnitKind::token) {
    const TokenClasses classes = frequency_classes(reference, vocabulary);
    const auto class_of = [&](Index u) {
      return static_cast<std::size_t>(classes.of_token[reference.token_number(u)]);
    };
    c.classes = differences(sums, seeds.size(), classes.names, class_of, options.bootstrap);
  }
  const std::size_t sources = reference.sources().size();
  if (sources > 1 && sources <= kMaxSources) {
    std::vector<std::string> names;
    for (const ScoredSource& source : reference.sources()) names.push_back(source.name);
    const auto source_of = [&](Index u) {
      return static_cast<std::size_t>(std::upper_bound(units.source_ends.begin(), units.source_ends.end(), u) -
                                      units.source_ends.begin());
    };
    c.sources = differences(sums, seeds.size(), names, source_of, options.bootstrap);
  }
  return c;
}

}  // namespace moelm
