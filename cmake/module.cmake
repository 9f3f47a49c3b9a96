# moelm_compile_fast(TARGET): -O1 in release builds, a quarter less to compile than -O3.
function(moelm_compile_fast target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
endfunction()

# moelm_add_module(NAME DEPENDS modules... LIBRARIES targets... SOURCES files...): one static library for one folder of
# lib/. DEPENDS names the modules it may include: the direction of the house is written in these calls and nowhere else.
# COLD: nothing in it takes time when a program runs, so compiling it should not take time either.
function(moelm_add_module name)
  cmake_parse_arguments(arg "COLD" "" "DEPENDS;LIBRARIES;SOURCES" ${ARGN})
  add_library(moelm_${name} STATIC ${arg_SOURCES})
  list(TRANSFORM arg_DEPENDS PREPEND moelm_)
  target_link_libraries(moelm_${name} PUBLIC moelm_compiler ${arg_DEPENDS} PRIVATE ${arg_LIBRARIES})
  if(arg_COLD)
    moelm_compile_fast(moelm_${name})
  endif()
  target_include_directories(moelm_${name} PUBLIC "${PROJECT_SOURCE_DIR}/lib")
  set_target_properties(moelm_${name} PROPERTIES MOELM_DEPENDS "${arg_DEPENDS}" MOELM_LIBRARIES "${arg_LIBRARIES}")
endfunction()
