# Run by CPack between staging and packing: makes of an installation what Debian's rules ask for. Deterministic: the date
# of the changelog is SOURCE_DATE_EPOCH, else that of CHANGELOG.md.
set(root "${CPACK_TEMPORARY_INSTALL_DIRECTORY}")

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# The entry that dpkg-parsechangelog and apt show.
file(TIMESTAMP "${CPACK_MOELM_SOURCE_DIR}/CHANGELOG.md" seconds "%s" UTC)
if(DEFINED ENV{SOURCE_DATE_EPOCH})
  set(seconds "$ENV{SOURCE_DATE_EPOCH}")
endif()
execute_process(COMMAND ${CMAKE_COMMAND} -E env LC_ALL=C date -u -R -d "@${seconds}"
  OUTPUT_VARIABLE date OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)

function(describe component package)
  set(documents "${root}/${component}/usr/share/doc/${package}")
  file(COPY "${CPACK_MOELM_SOURCE_DIR}/cmake/debian/copyright" DESTINATION "${documents}"
    FILE_PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
  file(WRITE "${documents}/changelog" "moelm (${CPACK_DEBIAN_PACKAGE_VERSION}) unstable; urgency=medium\n\n"
    "  * The changes of this version are in CHANGELOG.md of the sources.\n\n"
    " -- ${CPACK_PACKAGE_CONTACT}  ${date}\n")
  run(gzip -9nf "${documents}/changelog")
endfunction()
describe(programs moelm)
describe(development libmoelm-dev)

file(GLOB_RECURSE pages "${root}/programs/usr/share/man/man*/*.[0-9]")
run(gzip -9nf ${pages})
file(RENAME "${root}/programs/usr/share/zsh/site-functions" "${root}/programs/usr/share/zsh/vendor-completions")
# A folder of MPI's libraries is built in, which Debian's loader knows anyway.
file(GLOB programs "${root}/programs/usr/bin/*")
foreach(program ${programs})
  file(RPATH_REMOVE FILE "${program}")
endforeach()
file(GLOB_RECURSE archives "${root}/development/usr/*.a")
run("${CPACK_MOELM_STRIP}" --strip-debug --remove-section=.comment --remove-section=.note --enable-deterministic-archives
  ${archives})

# pkg-config looks for packages of an architecture in its own folder.
set(libraries "${root}/development/usr/lib")
if(CPACK_MOELM_ARCHITECTURE AND EXISTS "${libraries}/pkgconfig")
  file(READ "${libraries}/pkgconfig/moelm.pc" text)
  string(REGEX REPLACE "prefix=[^\n]*" "prefix=/usr" text "${text}")
  file(WRITE "${libraries}/${CPACK_MOELM_ARCHITECTURE}/pkgconfig/moelm.pc" "${text}")
  file(REMOVE_RECURSE "${libraries}/pkgconfig")
endif()
