#!/usr/bin/env bash
# Every source is as clang-format 14 writes it; exit 77 (skipped) where that version is not installed.
# usage: format_test.sh PROJECT-FOLDER
set -euo pipefail
. "$(dirname "$0")/../support/check.sh"

if ! command -v clang-format-14 >/dev/null; then
  echo 'skipped: there is no clang-format-14' && exit 77
fi
cd "$1"
mapfile -t sources < <(find apps bench examples lib tests -name '*.[ch]pp' | sort)
check 'there are sources' [ ${#sources[@]} -gt 100 ]
check 'the check knows what is not formatted' eval '! printf "int  f( );\n" | clang-format-14 -n -Werror 2>/dev/null'
check 'every source is formatted' clang-format-14 -n -Werror "${sources[@]}"

verdict
