# moelm_add_module(NAME DEPENDS modules... LIBRARIES targets... SOURCES files...): one static library for one folder of
# lib/. DEPENDS names the modules it may include: the direction of the house is written in these calls and nowhere else.
function(moelm_add_module name)
  cmake_parse_arguments(arg "" "" "DEPENDS;LIBRARIES;SOURCES" ${ARGN})
  add_library(moelm_${name} STATIC ${arg_SOURCES})
  list(TRANSFORM arg_DEPENDS PREPEND moelm_)
  target_link_libraries(moelm_${name} PUBLIC moelm_compiler ${arg_DEPENDS} PRIVATE ${arg_LIBRARIES})
  target_include_directories(moelm_${name} PUBLIC "${PROJECT_SOURCE_DIR}/lib")
endfunction()

# moelm_add_program(NAME DEPENDS modules... SOURCES files...): one command for users, built into bin/ and installed.
function(moelm_add_program name)
  cmake_parse_arguments(arg "" "" "DEPENDS;SOURCES" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  list(TRANSFORM arg_DEPENDS PREPEND moelm_)
  target_link_libraries(${name} PRIVATE ${arg_DEPENDS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
  install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()
