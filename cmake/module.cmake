# moelm_add_module(NAME DEPENDS modules... LIBRARIES targets... SOURCES files...): one static library for one folder of
# lib/. DEPENDS names the modules it may include: the direction of the house is written in these calls and nowhere else.
function(moelm_add_module name)
  cmake_parse_arguments(arg "" "" "DEPENDS;LIBRARIES;SOURCES" ${ARGN})
  add_library(moelm_${name} STATIC ${arg_SOURCES})
  list(TRANSFORM arg_DEPENDS PREPEND moelm_)
  target_link_libraries(moelm_${name} PUBLIC moelm_compiler ${arg_DEPENDS} PRIVATE ${arg_LIBRARIES})
  target_include_directories(moelm_${name} PUBLIC "${PROJECT_SOURCE_DIR}/lib")
endfunction()
