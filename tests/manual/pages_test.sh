#!/usr/bin/env bash
# The manual pages: every option and exit code of --help is in them, and man and mandoc (where they are) show them without
# a warning.
# usage: pages_test.sh BUILD-FOLDER
set -euo pipefail
. "$(dirname "$0")/../support/check.sh"

build=$1
pages=$build/manual

# The text of a page without the typewriter's overstriking; words as they are written.
shown() { MANWIDTH=200 MAN_KEEP_FORMATTING= man -P cat -l "$1" | sed 's/.\x08//g'; }
clean() { [ -z "$(LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$1" 2>&1 >/dev/null)" ]; }
# Without a date in the title two builds of one version are the same.
lints() { ! mandoc -T lint -W warning "$1" | grep -v 'missing date'; }

has_exit() { grep -qx "$1" <<<"$exits"; }

for program in "$build"/bin/moe-*; do
  name=$(basename "$program") page=$pages/$(basename "$program").1
  check "$name has a page, the one that it prints" eval '"$program" --help-man | cmp -s - "$page"'
  COLUMNS=1000 "$program" --help >"$work/help"
  options=$(sed -n '/^options:/,/^$/p' "$work/help" | grep -oE '^  -[^ ]+' | tr ',' '\n' | tr -d ' ')
  has_option() { grep -qF -- "\\fB${1//-/\\-}\\fR" "$page"; }
  check '... with every option of --help' every has_option --help $options
  exits=$(sed -n '/^exit codes:/,$p' "$work/help" | grep -oE '^  [0-9]+' | tr -d ' ')
  check '... and every exit code' [ "$exits" = "$(sed -n '/^\.SH EXIT STATUS/,/^\.SH ENV/p' "$page" | grep -xE '[0-9]+')" ]
  check '... among them those that any program may end with' \
    every has_exit 0 2 70 71 74 77
  check '... and "..." stands once behind what is a list' eval '! grep -qF "......" "$work/help"'
done

for page in "$pages"/*.[15]; do
  name=$(basename "$page")
  check "$name has a name and a description" eval 'grep -q "^.SH NAME" "$page" && grep -q "^.SH DESCRIPTION" "$page"'
  if command -v man >/dev/null && command -v nroff >/dev/null; then
    check "$name is shown by man without a warning" clean "$page"
  fi
  if command -v mandoc >/dev/null; then
    check "$name has nothing that mandoc warns of" lints "$page"
  fi
done
command -v man >/dev/null || echo 'skipped: what man shows, for there is no man'
command -v mandoc >/dev/null || echo 'skipped: what mandoc says, for there is no mandoc'
for name in data run output options; do check "there is moelm-$name(5)" [ -s "$pages/moelm-$name.5" ]; done
check 'every section of the documents is in a page' eval '
  cat "$pages"/moelm-*.5 >"$work/all"
  sed -n "s/^### //p" "$(dirname "$0")/../../docs/formats.md" | sed "s/-/\\\\\\\\-/g" | while read -r title; do
    grep -qxF ".SS $title" "$work/all" || { echo "$title"; exit 1; }
  done'

verdict
