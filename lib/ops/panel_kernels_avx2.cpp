#define MOELM_PANEL_KERNELS kPanelKernels_avx2
#define MOELM_PANEL_KERNELS_NAME "avx2"
#define MOELM_PANEL_LANES 8
#include "ops/panel_kernels_body.hpp"
