// A list of faults that grows while checks go on after an error.
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"

namespace moelm {

using Faults = std::vector<std::string>;

/// Runs a check and adds the Error that it throws to the list.
template <class Check>
void collect_faults(Faults& faults, const Check& check) {
  try {
    check();
  } catch (const Error& error) {
    faults.push_back(error.what());
  }
}

inline void add_faults(Faults& faults, const Faults& more) { faults.insert(faults.end(), more.begin(), more.end()); }

}  // namespace moelm
