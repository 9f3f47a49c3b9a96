// How an evaluation goes beyond the trained model, and how reports call it: such figures are never called static.
#pragma once

#include <optional>
#include <string>

#include "base/index.hpp"
#include "io/json.hpp"

namespace moelm {

/// The neural cache (Grave et al. 2017, arXiv 1612.04426): p = (1 - lambda) p_model + lambda p_cache.
struct CacheSettings {
  Index window = 0;   ///< n, the number of positions that the cache remembers, at least 1
  double theta = 0;   ///< factor on the products h . h_i, at least 0
  double lambda = 0;  ///< weight of the cache, at least 0 and below 1
};

/// Dynamic evaluation (Krause et al. 2018, arXiv 1709.07432): a gradient step after every segment of the text.
struct DynamicSettings {
  Index segment = 20;  ///< tokens between two steps, at least 1
  double lr = 0;       ///< learning rate, at least 0; 0: the weights stay as they are
  double decay = 0;    ///< pull back to the trained weights in each step, at least 0
};

/// What an evaluation adds to the trained model. With neither it is static.
struct Adaptation {
  std::optional<DynamicSettings> dynamic;
  std::optional<CacheSettings> cache;
  std::string chosen_on;  ///< the text on which numbers were chosen, empty if all were given
  double static_nll = 0;  ///< nats of the same tokens under the trained model alone

  bool active() const { return dynamic || cache; }
  /// "static", "cache", "dynamic" or "dynamic+cache".
  std::string kind() const;
};

/// Its part of the policy line: "evaluation=cache n=2000 theta=0.3 lambda=0.1 chosen-on=valid".
std::string adaptation_label(const Adaptation& adaptation);

/// {"kind": ..., "cache": {...} or null, "dynamic": {...} or null, "chosen_on": ... or null}
Json adaptation_json(const Adaptation& adaptation);

}  // namespace moelm
