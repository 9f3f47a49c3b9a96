#!/usr/bin/env bash
# The Debian packages: what they hold, what they depend on, and what lintian says of them. Exit 77 (skipped) without
# Debian's tools.
# usage: contents_test.sh CPACK PROJECT-FOLDER BUILD-FOLDER
set -euo pipefail
. "$(dirname "$0")/../support/check.sh"
. "$(dirname "$0")/make_packages.sh"

cpack=$1 root=$2 build=$3
reason=$(why_not "$build")
[ -z "$reason" ] || { echo "skipped: $reason" && exit 77; }

export SOURCE_DATE_EPOCH=1700000000
check 'packages are made' make_packages "$cpack" "$build" "$work/one"
programs=$(echo "$work"/one/moelm_*.deb) library=$(echo "$work"/one/libmoelm-dev_*.deb)
check '... two of them' eval '[ -f "$programs" ] && [ -f "$library" ] && [ "$(ls "$work/one" | wc -l)" = 2 ]'
check '... and twice the same bytes' eval 'make_packages "$cpack" "$build" "$work/two" && diff -r "$work/one" "$work/two"'

field() { dpkg-deb -f "$1" "$2"; }
version=$(sed -nE 's/^project\(moelm VERSION ([0-9.]+).*/\1/p' "$root/CMakeLists.txt")
for package in "$programs" "$library"; do
  check "$(field "$package" Package) has the version of the project" [ "$(field "$package" Version)" = "$version" ]
done
needed() { field "$programs" Depends | tr ',' '\n' | sed 's/^ *//; s/ .*//' | grep -qxF "$1"; }
check 'the programs depend on the libraries that they load' every needed \
  libc6 libdnnl2 libstdc++6 libgomp1 zlib1g liblzma5 libbz2-1.0 libzstd1 libssl3 libutf8proc2
linked() { field "$library" Depends | tr ',' '\n' | sed 's/^ *//' | grep -qxF "$1"; }
check 'the library depends on what a program links with it' every linked \
  libdnnl-dev zlib1g-dev liblzma-dev libbz2-dev libzstd-dev libssl-dev libutf8proc-dev
dpkg-deb -c "$programs" >"$work/files"
for program in "$build"/bin/moe-*; do
  name=$(basename "$program")
  packed() { grep -q " ./usr/$1\$" "$work/files"; }
  check "$name, its page and its completion are packed" every packed "bin/$name" "share/man/man1/$name.1.gz" \
    "share/bash-completion/completions/$name" "share/zsh/vendor-completions/_$name" "share/fish/vendor_completions.d/$name.fish"
done
check 'everything belongs to root' eval '! grep -vE "^[^ ]+ root/root " "$work/files"'
check 'nothing can be written by others' eval '! grep -E "^.....w|^........w" "$work/files"'

if [ -z "${MOELM_LONG:-}" ]; then
  echo 'skipped: what lintian says, half a minute; MOELM_LONG=1 asks it'
elif command -v lintian >/dev/null; then
  # A package of a project has no bug that it closes in Debian (initial-upload-closes-no-bugs).
  check 'lintian finds neither errors nor warnings' eval '
    lintian --allow-root --fail-on error,warning --suppress-tags initial-upload-closes-no-bugs "$programs" "$library"'
else
  echo 'skipped: what lintian says, for there is no lintian'
fi

verdict
