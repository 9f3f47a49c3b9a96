# The tests' own functions; Catch2 2 and 3 both serve.
add_library(moelm_test_main STATIC "${PROJECT_SOURCE_DIR}/tests/support/main.cpp")
# Catch2 2 is compiled here: a minute with optimisation and sanitizers, a few seconds without.
set_source_files_properties("${PROJECT_SOURCE_DIR}/tests/support/main.cpp" PROPERTIES
  COMPILE_OPTIONS "-O0;-fno-sanitize=all")
target_include_directories(moelm_test_main PUBLIC "${PROJECT_SOURCE_DIR}/tests")
target_compile_definitions(moelm_test_main PUBLIC MOELM_CATCH_MAJOR=${Catch2_VERSION_MAJOR})
if(TARGET Catch2::Catch2WithMain)
  target_link_libraries(moelm_test_main PUBLIC moelm_compiler Catch2::Catch2WithMain)
else()
  target_link_libraries(moelm_test_main PUBLIC moelm_compiler Catch2::Catch2)
endif()

# Catch2 is parsed once: a quarter of what compiling the tests takes.
add_library(moelm_test_headers OBJECT "${PROJECT_SOURCE_DIR}/tests/support/headers.cpp")
target_link_libraries(moelm_test_headers PRIVATE moelm_test_main)
target_compile_options(moelm_test_headers PRIVATE $<$<CONFIG:Release>:-O1>)
target_precompile_headers(moelm_test_headers PRIVATE "${PROJECT_SOURCE_DIR}/tests/support/catch.hpp")

# The readers and layers: what scripts/test also builds and runs under sanitizers.
set(moelm_sanitized base dist io text tokenizer data config checkpoint ops nn moe optim hostile)
add_custom_target(moelm_sanitized_tests)

# moelm_add_test(NAME DEPENDS modules... SOURCES files...): one test program, as a rule for one folder of tests/, linked
# with the modules that it names and what lies below them.
function(moelm_add_test name)
  cmake_parse_arguments(arg "" "" "DEPENDS;SOURCES;LIBRARIES" ${ARGN})
  add_executable(test_${name} ${arg_SOURCES})
  list(TRANSFORM arg_DEPENDS PREPEND moelm_)
  target_link_libraries(test_${name} PRIVATE ${arg_DEPENDS} moelm_test_main ${arg_LIBRARIES})
  set_target_properties(test_${name} PROPERTIES UNITY_BUILD OFF)  # one file changed, one file compiled
  target_compile_options(test_${name} PRIVATE
    $<$<CONFIG:Release>:-O1>  # tests are compiled more often than they run
    # g++ 12 sees errors in <string> that are not there if it is precompiled.
    $<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds;-Wno-stringop-overflow;-Wno-stringop-overread>)
  target_precompile_headers(test_${name} REUSE_FROM moelm_test_headers)
  target_compile_definitions(test_${name} PRIVATE MOELM_GOLDEN_DIR="${PROJECT_SOURCE_DIR}/tests/golden")
  add_test(NAME ${name} COMMAND test_${name})
  if(name IN_LIST moelm_sanitized)
    set_tests_properties(${name} PROPERTIES LABELS sanitized)
    add_dependencies(moelm_sanitized_tests test_${name})
  endif()
endfunction()
