// NEON belongs to every 64-bit ARM processor, so this file needs no flags of its own.
#define MOELM_PANEL_KERNELS kPanelKernels_neon
#define MOELM_PANEL_KERNELS_NAME "neon"
#define MOELM_PANEL_LANES 4
#include "ops/panel_kernels_body.hpp"
