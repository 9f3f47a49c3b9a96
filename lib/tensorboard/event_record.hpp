// Records of TensorBoard's event files: a message Event behind its length, each with a checksum.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/index.hpp"

namespace moelm {

struct EventScalar {
  std::string tag;
  double value = 0;  ///< stored as a float
};

/// A histogram of values, in buckets of equal width from their minimum to their maximum.
struct EventHistogram {
  std::string tag;
  std::vector<double> values;  ///< those that are not finite are left out
};

/// When and in which step something happened.
struct EventTime {
  double seconds = 0;  ///< since 1970
  Index step = 0;
};

/// The first record of a file: the version of the format.
std::string version_record(double seconds);

/// Says that a process (re)starts: TensorBoard drops what earlier files of the run tell of this step and later ones.
std::string start_record(const EventTime& time);

/// Scalars and histograms of one step.
std::string summary_record(const EventTime& time, std::span<const EventScalar> scalars,
                           std::span<const EventHistogram> histograms);

}  // namespace moelm
