// The text of presets.json, which the build puts into the library.
#pragma once

namespace moelm {

extern const char* const kPresetsJson;

}  // namespace moelm
