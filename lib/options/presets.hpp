// Named configurations (presets.json): sizes for people who want a good model, and the models of the paper.
#pragma once

#include <string>
#include <vector>

#include "io/json.hpp"

namespace moelm {

/// A name and what it sets: a document for apply_document().
struct Preset {
  std::string name;
  std::string summary;
  Json document;
};

/// All presets. The first four are ours; they leave dropout and the number of steps to planning. The others are the
/// rows of the paper's table 7 (1 billion words, appendix C), and with "-news" those of table 8 (100 billion words of
/// news, appendix D). They have the paper's schedule (appendix C.1). The paper states neither learning rate nor
/// unrolling, and its batches of 300,000 words and more need many machines.
const std::vector<Preset>& presets();

/// The preset of that name. Error(usage) with the nearest name if there is none.
const Preset& find_preset(const std::string& name);

}  // namespace moelm
