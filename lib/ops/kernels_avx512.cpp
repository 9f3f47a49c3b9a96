#define MOELM_KERNELS kKernels_avx512
#define MOELM_KERNELS_NAME "avx512"
#include "ops/kernels_body.hpp"
