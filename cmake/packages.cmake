# Debian packages by CPack: `moelm` with the programs, `libmoelm-dev` with the library. scripts/package makes them,
# tests/packages checks them.
set(MOELM_CONTACT "moelm maintainers <maintainers@moelm.invalid>" CACHE STRING "Maintainer field of packages")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME moelm)
set(CPACK_PACKAGE_DIRECTORY "${PROJECT_BINARY_DIR}/packages")
set(CPACK_PACKAGE_CONTACT "${MOELM_CONTACT}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")  # each package has its own
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_COMPONENTS_ALL programs development)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
# What Debian wants beyond an installation: compressed pages, its changelog, stripped archives, its folders.
set(CPACK_PRE_BUILD_SCRIPTS "${PROJECT_SOURCE_DIR}/cmake/debian/prepare.cmake")
set(CPACK_MOELM_SOURCE_DIR "${PROJECT_SOURCE_DIR}")
set(CPACK_MOELM_STRIP "${CMAKE_STRIP}")
set(CPACK_MOELM_ARCHITECTURE "${CMAKE_LIBRARY_ARCHITECTURE}")

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_VERSION "${PROJECT_VERSION}")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_PROGRAMS_PACKAGE_NAME moelm)
set(CPACK_DEBIAN_PROGRAMS_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PROGRAMS_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PROGRAMS_DESCRIPTION
  "sparsely-gated Mixture-of-Experts language models on CPUs
moelm trains and evaluates the language model of Shazeer et al. (2017):
LSTM layers with a layer of many small expert networks between them. It
needs no GPU and no Python. The programs tokenize text, train, evaluate,
generate, rescore n-best lists, and show what each expert reads.")

get_property(moelm_library_packages GLOBAL PROPERTY MOELM_LIBRARY_PACKAGES)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libmoelm-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "${moelm_library_packages}")
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION
  "library to read models of moelm (static library and header)
moelm trains and evaluates sparsely-gated Mixture-of-Experts language
models. With this library a program loads such a model and asks it, token
by token, how probable each token is next.")
include(CPack)
