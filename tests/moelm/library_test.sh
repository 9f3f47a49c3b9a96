#!/usr/bin/env bash
# The library as it is installed: examples/score.cpp is built from it twice, with CMake and with pkg-config, sees no header
# but the public one, and gives the scores of moe-eval. Exit 77 (skipped) where the build is for sanitizers.
# usage: library_test.sh CMAKE GENERATOR COMPILER PROJECT-FOLDER BUILD-FOLDER
set -euo pipefail
. "$(dirname "$0")/../support/check.sh"

cmake=$1 generator=$2 compiler=$3 root=$4 build=$5
if grep -q '^MOELM_SANITIZE:STRING=.' "$build/CMakeCache.txt"; then
  echo 'skipped: a library for sanitizers serves programs for sanitizers alone' && exit 77
fi

prefix=$work/prefix
quietly() { "$@" >"$work/log" 2>&1 || { cat "$work/log" && return 1; }; }
install_library() {
  quietly "$cmake" --install "$build" --prefix "$prefix" --component development
  rm -f "$build/install_manifest_development.txt"
}
check 'the library is installed' install_library
check '... with one header' eval '[ "$(cd "$prefix/include" && find . -type f)" = ./moelm/language_model.hpp ]'
check '... which includes the standard library alone' eval \
  '! grep "^#include" "$prefix/include/moelm/language_model.hpp" | grep -v "<[a-z_]*>"'
check '... and with one archive' eval '[ "$(find "$prefix" -name "*.a" | wc -l)" = 1 ]'
says_nothing() { ! grep -rqaF -e "$root/" -e "$build/" "$prefix"; }
check 'nothing in it says where it was built' says_nothing

mkdir "$work/source" && cp "$root"/examples/{score.cpp,CMakeLists.txt} "$work/source"
mapfile -t found < <(sed -nE 's/^(CMAKE_PREFIX_PATH:(PATH|STRING|UNINITIALIZED)=.+)/-D\1/p' "$build/CMakeCache.txt")
with_cmake() {
  quietly env CMAKE_PREFIX_PATH="$prefix${CMAKE_PREFIX_PATH:+:$CMAKE_PREFIX_PATH}" "$cmake" -G "$generator" \
    -S "$work/source" -B "$work/build" -DCMAKE_CXX_COMPILER="$compiler" "${found[@]}" && quietly "$cmake" --build "$work/build"
}
check 'a program is built with CMake' with_cmake
programs=("$work/build/score")
if command -v pkg-config >/dev/null; then
  with_pkg_config() {
    local flags
    flags=$(PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name moelm.pc)") pkg-config --cflags --libs moelm)
    # shellcheck disable=SC2086
    quietly "$compiler" -std=c++20 -O1 "$work/source/score.cpp" -o "$work/score" $flags
  }
  check 'a program is built with pkg-config' with_pkg_config
  programs+=("$work/score")
  version=$(PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name moelm.pc)") pkg-config --modversion moelm)
  check 'both say the version of the programs' [ "moe-check (moelm) $version" = "$("$build/bin/moe-check" --version)" ]
else
  echo 'skipped: pkg-config is not there'
fi

for i in $(seq 1 200); do echo "the cat $((i % 7)) sat on mat $((i * i % 11))"; done >"$work/text"
"$build/bin/moe-tokenize" --quiet --out "$work/data" --train "$work/text" >/dev/null
"$build/bin/moe-train" --quiet --data "$work/data" --out "$work/run" --preset tiny --steps 5 --threads 1 >/dev/null
printf 'the cat 3 sat on mat 4\n\nan unknown word\nsat sat\n' >"$work/lines"
"$build/bin/moe-eval" "$work/run" "$work/lines" --per-sentence --quiet | cut -f 1,2 >"$work/expected"
# The numbers of the two agree to a millionth; tokens agree exactly.
same() { paste "$1" "$work/expected" | awk '{ d = $1 - $3; if (d < 0) d = -d; if (d > 2e-6 || $2 != $4) exit 1; n++ } END { exit n != 4 }'; }
for program in "${programs[@]}"; do
  check 'it runs' eval '"$program" "$work/run" <"$work/lines" >"$work/scores"'
  check '... and gives the scores of moe-eval' same "$work/scores"
  refused() { local code=0; "$program" "$work/none" </dev/null 2>"$work/error" || code=$?; [ $code -eq 66 ] && grep -q '^error: .*none' "$work/error"; }
  check 'a run that is not there is exit 66 with its name' refused
done

verdict
