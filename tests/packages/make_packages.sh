# Packs what was built. Sourced after check.sh, not run: gives why_not and make_packages.

# Prints the reason why packages cannot be made of this build, or nothing.
why_not() { # BUILD-FOLDER
  if ! command -v dpkg-deb >/dev/null || ! command -v dpkg-shlibdeps >/dev/null || ! command -v file >/dev/null; then
    echo 'dpkg-dev and file are not there'
  elif grep -q '^MOELM_SANITIZE:STRING=.' "$1/CMakeCache.txt"; then
    echo 'the build is for sanitizers'
  fi
}

make_packages() { # CPACK BUILD-FOLDER OUTPUT-FOLDER [VERSION]
  local version=()
  [ $# -lt 4 ] || version=(-D "CPACK_DEBIAN_PACKAGE_VERSION=$4")
  (cd "$2" && "$1" -G DEB -B "$3" "${version[@]}" >"$work/log" 2>&1) || { cat "$work/log" && return 1; }
  rm -rf "$3/_CPack_Packages"
  rm -f "$2"/install_manifest_{programs,development}.txt
}
