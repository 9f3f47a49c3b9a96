# Every third-party library of the project, each with the reason why it is here and the one place that may use it.
# All are looked for before any is asked for, so that one configure names everything that is missing.
set(MOELM_MISSING "")

# moelm_missing(PACKAGE WHAT): notes that WHAT is missing, which Debian has in PACKAGE; scripts/prepare.sh reads the line.
function(moelm_missing package what)
  message(NOTICE "missing: ${package} (${what})")
  set(MOELM_MISSING ${MOELM_MISSING} ${package} PARENT_SCOPE)
endfunction()

# moelm_find_package(PACKAGE find_package-arguments...)
macro(moelm_find_package package name)
  find_package(${name} ${ARGN} QUIET)
  set(MOELM_PACKAGE_${name} ${package})
  if(NOT ${name}_FOUND)
    moelm_missing(${package} ${name})
  endif()
endmacro()

# moelm_find_library(TARGET HEADER LIBRARY PACKAGE): libraries that are searched by file, because their CMake package is
# missing somewhere or asks for more than we use (oneDNN's wants the OpenCL headers).
macro(moelm_find_library target header library package)
  find_path(${library}_INCLUDE_DIR ${header})
  find_library(${library}_LIBRARY ${library})
  mark_as_advanced(${library}_INCLUDE_DIR ${library}_LIBRARY)
  if(${library}_INCLUDE_DIR AND ${library}_LIBRARY)
    add_library(${target} INTERFACE)
    set_target_properties(${target} PROPERTIES MOELM_LIBRARY ${library} MOELM_PACKAGE ${package})
    target_include_directories(${target} SYSTEM INTERFACE "${${library}_INCLUDE_DIR}")
    target_link_libraries(${target} INTERFACE "${${library}_LIBRARY}")
  else()
    moelm_missing(${package} ${library})
  endif()
endmacro()

find_package(Threads REQUIRED)
find_package(OpenMP COMPONENTS CXX QUIET)  # ops/gemm: oneDNN's threads, which are kept at one
if(NOT OpenMP_CXX_FOUND)
  # g++ brings its own; clang wants the runtime of its own version.
  string(REGEX MATCH "^[0-9]+" moelm_compiler_major "${CMAKE_CXX_COMPILER_VERSION}")
  moelm_missing(libomp-${moelm_compiler_major}-dev
    "OpenMP, omp.h, for ${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}")
endif()
set(MOELM_MPI AUTO CACHE STRING "Training over several ranks with MPI: AUTO, if it is there; ON; OFF")
if(NOT MOELM_MPI STREQUAL OFF)
  set(MPI_CXX_SKIP_MPICXX ON)
  find_package(MPI COMPONENTS CXX QUIET)               # dist/mpi_ranks: ranks on many machines
  if(MOELM_MPI STREQUAL ON AND NOT MPI_CXX_FOUND)
    moelm_missing(libopenmpi-dev MPI)
  endif()
endif()
moelm_find_package(zlib1g-dev ZLIB)                    # text/gzip and io/compress: compressed text and shards
moelm_find_package(liblzma-dev LibLZMA)                # text/xz: texts as .xz
moelm_find_package(libbz2-dev BZip2)                   # text/bzip2: texts as .bz2, as Wikipedia publishes them
moelm_find_library(moelm_zstd zstd.h zstd libzstd-dev)  # text/zstd: texts as .zst
moelm_find_package(libssl-dev OpenSSL COMPONENTS Crypto)  # io/checksum: SHA-256, hardware-accelerated
moelm_find_package(nlohmann-json3-dev nlohmann_json 3.10)  # io/json: configuration, indexes, reports
moelm_find_package(libcli11-dev CLI11 2.1)             # apps/common: command lines
moelm_find_library(moelm_onednn dnnl.hpp dnnl libdnnl-dev)  # ops/gemm: matrix products at the machine's speed
moelm_find_library(moelm_utf8proc utf8proc.h utf8proc libutf8proc-dev)  # base/unicode: classes and case of characters
moelm_find_library(moelm_cairo cairo/cairo.h cairo libcairo2-dev)  # plot/png_picture: curves as PNG, with text
if(BUILD_TESTING)
  moelm_find_package(catch2 Catch2)                    # tests only
endif()
if(MOELM_FUZZ)
  # libFuzzer is a package beside the compiler.
  include(CheckCXXSourceCompiles)
  set(CMAKE_REQUIRED_FLAGS -fsanitize=fuzzer,address)
  check_cxx_source_compiles(
    "extern \"C\" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }" moelm_links_fuzzers)
  unset(CMAKE_REQUIRED_FLAGS)
  if(NOT moelm_links_fuzzers)
    unset(moelm_links_fuzzers CACHE)
    string(REGEX MATCH "^[0-9]+" moelm_compiler_major "${CMAKE_CXX_COMPILER_VERSION}")
    moelm_missing(libclang-rt-${moelm_compiler_major}-dev "libFuzzer and sanitizers")
  endif()
endif()

if(MOELM_MISSING)
  list(JOIN MOELM_MISSING " " moelm_packages)
  message(FATAL_ERROR "Libraries are missing. On Debian: apt-get install ${moelm_packages}\n"
                      "Elsewhere, or without root: CMAKE_PREFIX_PATH tells where they are.")
endif()
