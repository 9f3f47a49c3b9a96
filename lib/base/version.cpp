#include "base/version.hpp"

namespace moelm {

const char* version() { return MOELM_VERSION; }

}  // namespace moelm
