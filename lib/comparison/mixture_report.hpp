// A mixture for people and as JSON.
#pragma once

#include <string>

#include "comparison/mix_scores.hpp"
#include "io/json.hpp"

namespace moelm {

/// "static linear mixture of 2 models, weights by EM on TEXT": what every report of its figures has to say.
std::string mixture_policy(const Mixture& mixture);

/// Lines of "name  value" and a table of the components. Names from outside are escaped.
std::string mixture_text(const Mixture& mixture, Index columns);

/// One object, "type": "mixture".
Json mixture_json(const Mixture& mixture);

}  // namespace moelm
