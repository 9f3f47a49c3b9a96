# The language, the warnings and the optional strictness of every target of the project (moelm_compiler).
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release, Debug or RelWithDebInfo" FORCE)
endif()

option(MOELM_WERROR "Treat warnings as errors (for continuous integration)" OFF)
option(MOELM_FUZZ "Build the fuzzers of tests/fuzz (clang only)" OFF)
set(MOELM_SANITIZE "" CACHE STRING "Sanitizers to build with, e.g. address,undefined")

add_library(moelm_compiler INTERFACE)
target_compile_features(moelm_compiler INTERFACE cxx_std_20)
target_compile_options(moelm_compiler INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor
  -Wdate-time  # two builds of the same sources are the same bytes
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>  # g++ 12 sees overlaps in `"x" + std::string` that are not there (bug 105651)
  $<$<BOOL:${MOELM_WERROR}>:-Werror>
  # Builds must not tell where they were made, debug information included.
  -ffile-prefix-map=${CMAKE_SOURCE_DIR}/= -ffile-prefix-map=${CMAKE_BINARY_DIR}=build)
if(MOELM_SANITIZE)
  target_compile_options(moelm_compiler INTERFACE
    -fsanitize=${MOELM_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer
    $<$<CXX_COMPILER_ID:Clang>:-Wno-pass-failed>  # no loop becomes vectors where every access is checked
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)  # g++ 12 warns falsely inside std::regex here
  target_link_options(moelm_compiler INTERFACE -fsanitize=${MOELM_SANITIZE})
endif()
if(MOELM_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES Clang)
    message(FATAL_ERROR "MOELM_FUZZ needs clang, whose libFuzzer it uses: CXX=clang++-14 cmake --preset fuzz")
  endif()
  target_compile_options(moelm_compiler INTERFACE -fsanitize=fuzzer-no-link)
endif()
