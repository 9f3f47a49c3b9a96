# Every third-party library of the project, each with the reason why it is here and the one place that may use it.
find_package(Threads REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS CXX)  # base/context: the worker threads
find_package(dnnl REQUIRED CONFIG)            # ops/gemm_onednn: matrix products at the machine's speed (2.6 and 3.x)
find_package(ZLIB REQUIRED)                   # io/gzip and io/compress: compressed text and shards
find_package(OpenSSL REQUIRED COMPONENTS Crypto)  # io/checksum: SHA-256, hardware-accelerated
find_package(nlohmann_json 3.10 REQUIRED)     # io/json: configuration, indexes, reports
find_package(CLI11 2.1 REQUIRED)              # apps/common: command lines

# data/unicode: classes and case of Unicode characters. It ships no CMake package everywhere, so it is searched by file.
find_path(UTF8PROC_INCLUDE_DIR utf8proc.h)
find_library(UTF8PROC_LIBRARY utf8proc)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(utf8proc REQUIRED_VARS UTF8PROC_LIBRARY UTF8PROC_INCLUDE_DIR)
if(NOT utf8proc_FOUND)
  message(FATAL_ERROR "utf8proc was not found (Debian: libutf8proc-dev)")
endif()
add_library(moelm_utf8proc INTERFACE)
target_include_directories(moelm_utf8proc SYSTEM INTERFACE "${UTF8PROC_INCLUDE_DIR}")
target_link_libraries(moelm_utf8proc INTERFACE "${UTF8PROC_LIBRARY}")
