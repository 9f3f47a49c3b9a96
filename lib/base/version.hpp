// The version of the project, as printed by --version and stored with runs.
#pragma once

namespace moelm {

/// For example "0.1.0".
const char* version();

}  // namespace moelm
