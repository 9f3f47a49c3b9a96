#define MOELM_KERNELS kKernels_avx2
#define MOELM_KERNELS_NAME "avx2"
#include "ops/kernels_body.hpp"
