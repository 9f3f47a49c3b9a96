#!/usr/bin/env bash
# The Debian packages in a clean Debian 12, as an administrator would: install, use, upgrade, use, build a program with the
# library, remove. A long test (MOELM_LONG=1), for root, with debootstrap and Debian's servers; else exit 77 (skipped).
# usage: debian_test.sh CPACK PROJECT-FOLDER BUILD-FOLDER
set -euo pipefail
. "$(dirname "$0")/../support/check.sh"
. "$(dirname "$0")/make_packages.sh"

cpack=$1 root=$2 build=$3
reason=$(why_not "$build")
[ -n "${MOELM_LONG:-}" ] || reason='a long test; MOELM_LONG=1 runs it'
[ -n "$reason" ] || [ "$(id -u)" = 0 ] || reason='not root'
[ -n "$reason" ] || command -v debootstrap >/dev/null || reason='debootstrap is not there'
[ -n "$reason" ] || unshare --mount --pid --fork true 2>/dev/null || reason='no mount namespace may be made here'
[ -z "$reason" ] || { echo "skipped: $reason" && exit 77; }

debian=$work/debian
mirror=${MOELM_DEBIAN_MIRROR:-http://deb.debian.org/debian}
if ! debootstrap --variant=minbase bookworm "$debian" "$mirror" >"$work/log" 2>&1; then
  tail -3 "$work/log" && echo "skipped: no Debian 12 from $mirror" && exit 77
fi
cp /etc/resolv.conf "$debian/etc/resolv.conf"
# Only what Debian leaves out by itself may be left out here.
check 'the system is Debian 12' grep -q '^12\.' "$debian/etc/debian_version"

# inside COMMAND: in the clean system, as its root; everything that it starts ends with it.
inside() {
  unshare --mount --pid --fork --kill-child bash -c '
    mount -t proc proc "$1/proc" && exec chroot "$1" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
      DEBIAN_FRONTEND=noninteractive bash -euo pipefail -c "$2"' _ "$debian" "$1" >"$work/log" 2>&1 </dev/null && return
  tail -20 "$work/log" && return 1
}

check 'packages are made' make_packages "$cpack" "$build" "$debian/one"
check '... and those of a later version' make_packages "$cpack" "$build" "$debian/two" 99.0
mkdir "$debian/build" && cp "$root/examples/score.cpp" "$debian/build"
# What there is of us beside packages and users' files, and the pages that man-db keeps by itself.
cat >"$debian/build/traces" <<'LIST'
find / -xdev \( -path /proc -o -path /home -o -path /one -o -path /two -o -path /var/cache/man -o -path /build \
  -o -path /var/lib/apt/lists \) -prune -o -name '*moe*' -print | sort
LIST
inside 'apt-get update -qq && bash /build/traces >/build/before'

check 'the package is installed with all that it needs' inside 'apt-get install -qq -y --no-install-recommends /one/moelm_*.deb'
check 'every program runs' inside 'for p in /usr/bin/moe-*; do "$p" --version && "$p" --help >/dev/null; done; [ "$(ls /usr/bin/moe-* | wc -l)" -eq 14 ]'
check 'every program finds its libraries' inside '! ldd /usr/bin/moe-* | grep "not found"'
check 'a user trains and evaluates' inside '
  useradd --create-home student && cd /home/student
  for i in $(seq 1 300); do echo "the cat $((i % 7)) sat on mat $((i * i % 11))"; done >text
  su student -c "moe-tokenize --quiet --out data --train text >/dev/null &&
    moe-train --quiet --data data --out run --preset tiny --steps 10 >/dev/null && moe-eval run --json" | grep -q perplexity'
check 'manual pages are found and shown' inside '
  apt-get install -qq -y --no-install-recommends man-db
  for page in moe-train moelm-data moelm-run moelm-output moelm-options; do man -P cat "$page" | grep -q "^NAME"; done
  man -P cat 1 moe-eval | grep -q "EXIT STATUS"'
check 'bash finds completion' inside '
  apt-get install -qq -y --no-install-recommends bash-completion
  bash -c ". /usr/share/bash-completion/bash_completion; _completion_loader moe-train; complete -p moe-train" |
    grep -q "_moe_train moe-train"'
check 'zsh finds completion' inside '
  apt-get install -qq -y --no-install-recommends zsh
  zsh -fc "autoload -Uz compinit; compinit -u -D; print \${_comps[moe-train]}" | grep -qx _moe-train'
check 'dpkg finds every file as it was packed' inside '[ -z "$(dpkg --verify moelm)" ]'

check 'an upgrade' inside 'apt-get install -qq -y --no-install-recommends /two/moelm_*.deb; dpkg -s moelm | grep -qx "Version: 99.0"'
check '... goes on with a run' inside 'cd /home/student && su student -c "moe-train --quiet --out run --steps 20 >/dev/null && moe-check run"'
check 'a downgrade too' inside 'apt-get install -qq -y --no-install-recommends --allow-downgrades /one/moelm_*.deb'

check 'the library is installed with all that a program links' inside 'apt-get install -qq -y --no-install-recommends /one/libmoelm-dev_*.deb g++ pkg-config'
check '... and a program is built and gives the scores of moe-eval' inside '
  cd /build && g++ -std=c++20 -O1 score.cpp -o score $(pkg-config --cflags --libs moelm)
  printf "the cat 3 sat\n\n" >lines && ./score /home/student/run <lines | cut -f 1 >scores
  moe-eval --quiet /home/student/run lines --per-sentence | cut -f 1 | paste - scores |
    awk "{ d = \$1 - \$2; if (d < 0) d = -d; if (d > 2e-6) exit 1; n++ } END { exit n != 2 }"'

check 'removing leaves nothing' inside '
  apt-get purge -qq -y moelm libmoelm-dev
  cd / && bash /build/traces >/build/after && diff /build/before /build/after'
check '... but what users made' test -s "$debian/home/student/run/result.json"

verdict
