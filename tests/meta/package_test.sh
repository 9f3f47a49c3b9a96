#!/usr/bin/env bash
# What a packager relies on: flags kept, no tests where none are wanted, no network, nothing written beside the sources,
# programs installed with their pages, completion and examples, and no word in them of where they were built.
# usage: package_test.sh CMAKE GENERATOR PROJECT-FOLDER BUILD-FOLDER
set -euo pipefail
. "$(dirname "$0")/../support/check.sh"

cmake=$1 generator=$2 root=$3 build=$4

# As from a tarball: what is built, without .git and tests, in a folder that cannot be written.
mkdir "$work/source"
cp -r "$root"/{CMakeLists.txt,cmake,lib,bench,apps,corpora,docs,examples} "$work/source"
chmod -R a-w "$work/source"
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
mapfile -t found < <(sed -nE 's/^([A-Za-z0-9_]+_(DIR|LIBRARY|INCLUDE_DIR|PREFIX_PATH|CXX_COMPILER):(PATH|FILEPATH|STRING)=.+)/-D\1/p' \
  "$build/CMakeCache.txt")
offline=()
! unshare -rn true 2>/dev/null || offline=(unshare -rn)
flags='-g -O1 -fstack-protector-strong'
configure() {
  CXXFLAGS=$flags LDFLAGS=-Wl,--as-needed "${offline[@]}" "$cmake" -G "$generator" "${found[@]}" -S "$work/source" \
    -B "$work/build" -DBUILD_TESTING=OFF -DCMAKE_INSTALL_BINDIR=libexec/moelm >"$work/log" 2>&1 && return
  cat "$work/log" && return 1
}
commands() { grep '"command":' "$work/build/compile_commands.json"; }
check 'sources alone are configured, without network' configure
check 'every compilation keeps the flags of the caller' eval '[ -z "$(commands | grep -vF -- "$flags")" ]'
check '... and so does every link' eval 'grep -rqF -- "-Wl,--as-needed" "$work/build" --include=build.ninja --include=link.txt'
check 'no flag ties a program to this processor or gives up exact arithmetic' \
  eval '! commands | grep -qE -- "-march|-mtune|-Ofast|-ffast-math"'
check 'warnings are no errors' eval '! commands | grep -q -- "-Werror"'
check 'no test is built' eval '! commands | grep -q /tests/ && [ ! -e "$work/build/tests" ]'
check 'programs go where the packager wants them' grep -q '/libexec/moelm' "$work/build/apps/cmake_install.cmake"

without_mpi() { # as where none is installed: CMake makes its target there too, without anything in it
  "$cmake" -G "$generator" "${found[@]}" -S "$work/source" -B "$work/alone" -DBUILD_TESTING=OFF -DMPI_SKIP_GUESSING=ON \
    -DMPI_SKIP_COMPILER_WRAPPER=ON -DMPI_CXX_COMPILER=NOTFOUND -DPKG_CONFIG_EXECUTABLE=/bin/false >"$work/log" 2>&1 || return 1
  grep -qF no_mpi.cpp "$work/alone/compile_commands.json" && ! grep -qF mpi_ranks.cpp "$work/alone/compile_commands.json"
}
check 'without MPI, nothing is compiled that needs it' without_mpi

# One component, so that the list of a real installation is not overwritten.
stage() {
  DESTDIR=$work/stage "$cmake" --install "$build" --prefix /usr --component programs >"$work/log" 2>&1 || return 1
  rm -f "$build/install_manifest_programs.txt"
}
check 'the build is installed below DESTDIR' stage
expected() {
  local name
  for name in $(cd "$build/bin" && ls -d moe-*); do
    printf '%s\n' "bin/$name" "share/man/man1/$name.1" "share/bash-completion/completions/$name" \
      "share/zsh/site-functions/_$name" "share/fish/vendor_completions.d/$name.fish"
  done
  printf 'share/man/man5/moelm-%s.5\n' data run output options
  printf 'share/doc/moelm/examples/%s\n' array.sbatch grid notebook.ipynb pytorch_model.py ranks.sbatch results
}
check '... programs, their pages, completion and examples only' \
  eval 'diff <(expected | sort) <(cd "$work/stage/usr" && find . -type f | sed "s,^./,," | sort)'
sanitized=no
! grep -q '^MOELM_SANITIZE:STRING=.' "$build/CMakeCache.txt" || sanitized=yes
[ $sanitized = no ] || echo 'skipped: no word of where programs were built, for sanitizers write it into them'
for program in "$work"/stage/usr/bin/moe-*; do
  name=$(basename "$program")
  [ $sanitized = yes ] || check "$name says nothing of where it was built" eval '! grep -qaF -e "$root/" -e "$build/" "$program"'
  check "$name runs" eval '(cd / && env -i "$program" --version >/dev/null)'
done

verdict
