# Every third-party library of the project, each with the reason why it is here and the one place that may use it.
find_package(Threads REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS CXX)  # base/context: the worker threads
find_package(ZLIB REQUIRED)                   # io/gzip and io/compress: compressed text and shards
find_package(OpenSSL REQUIRED COMPONENTS Crypto)  # io/checksum: SHA-256, hardware-accelerated
find_package(nlohmann_json 3.10 REQUIRED)     # io/json: configuration, indexes, reports
find_package(CLI11 2.1 REQUIRED)              # apps/common: command lines


# moelm_find_library(TARGET header library NAME "what Debian calls it"): libraries that are searched by file, because
# their CMake package is missing somewhere or asks for more than we use (oneDNN's wants the OpenCL headers).
function(moelm_find_library target header library package)
  find_path(${library}_INCLUDE_DIR ${header})
  find_library(${library}_LIBRARY ${library})
  if(NOT ${library}_INCLUDE_DIR OR NOT ${library}_LIBRARY)
    message(FATAL_ERROR "${library} was not found (Debian: ${package}; elsewhere set CMAKE_PREFIX_PATH)")
  endif()
  add_library(${target} INTERFACE)
  target_include_directories(${target} SYSTEM INTERFACE "${${library}_INCLUDE_DIR}")
  target_link_libraries(${target} INTERFACE "${${library}_LIBRARY}")
endfunction()

moelm_find_library(moelm_onednn dnnl.hpp dnnl libdnnl-dev)  # ops/gemm: matrix products at the machine's speed
moelm_find_library(moelm_utf8proc utf8proc.h utf8proc libutf8proc-dev)  # data/unicode: classes and case of characters
