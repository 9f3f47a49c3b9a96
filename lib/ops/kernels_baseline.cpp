#define MOELM_KERNELS kKernels_baseline
#define MOELM_KERNELS_NAME "baseline"
#include "ops/kernels_body.hpp"
