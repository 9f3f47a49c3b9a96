#!/usr/bin/env bash
# What scripts/test and scripts/quickstart do where something is missing: they name it, or print the exact command.
# usage: scripts_test.sh PROJECT-FOLDER
set -euo pipefail
. "$(dirname "$0")/../support/check.sh"

root=$1

says() { grep -qF -- "$1" "$work/out"; }

# A machine of our own: only the tools named here, and stand-ins that write down how they were called.
mkdir "$work/bin"
for tool in bash dirname nproc mktemp id cat sed sort rm env grep basename realpath; do ln -s "$(command -v $tool)" "$work/bin/$tool"; done
stand_in() { # NAME SCRIPT
  printf '#!/bin/bash\n%s\n' "$2" >"$work/bin/$1" && chmod +x "$work/bin/$1"
}
run() { # EXPECTED-EXIT COMMAND...
  local expected=$1 status=0
  shift
  env -i PATH="$work/bin" HOME="$work" TMPDIR="$work" "$@" >"$work/out" 2>&1 </dev/null || status=$?
  [ $status -eq "$expected" ] && return
  echo "expected exit $expected, found $status" && cat "$work/out" && return 1
}

for script in "$root"/scripts/{prepare.sh,test,fuzz,quickstart,package} "$root"/.ci/run "$root"/corpora/get "$root"/bench/ranks_network; do
  check "$(basename "$script") is valid" bash -n "$script"
done

for script in test quickstart package; do
  check "$script: nothing to build with is exit 66" run 66 "$root/scripts/$script" --no-install
  check '... all of it named' eval 'says g++ && says cmake && says ninja-build'
  check "$script: a compiler of the caller that is not there is exit 66" run 66 CXX=no-such-compiler "$root/scripts/$script"
  check '... named, and nothing else is installed instead' eval 'says no-such-compiler && ! says g++'
  check "$script: no Debian is exit 66" run 66 "$root/scripts/$script"
  check '... and says so' says 'not Debian'
  check "$script: an unknown option is exit 2" run 2 "$root/scripts/$script" --nonsense
  check "$script: --help is exit 0" run 0 "$root/scripts/$script" --help
done

# Tools are there, a library is not: the stand-in for cmake says so, as cmake/dependencies.cmake does.
for tool in c++ ninja; do stand_in $tool 'exit 0'; done
stand_in cmake 'echo "missing: libdnnl-dev (dnnl)" >&2; echo "missing: zlib1g-dev (ZLIB)" >&2; exit 1'
check 'a missing library is exit 66' run 66 "$root/scripts/test" --no-install
check '... named' eval 'says libdnnl-dev && says zlib1g-dev'
stand_in apt-get 'echo "apt-get $*" >>"$HOME/calls"'
stand_in sudo '[ "$1" = -n ] && shift; echo "sudo $*" >>"$HOME/calls"; "$@"'
check 'packages that do not help end in exit 70, not in a loop' run 70 "$root/scripts/test"
check 'the exact command is printed' says 'apt-get install -y -qq --no-install-recommends libdnnl-dev zlib1g-dev'
check '... and run' grep -q 'apt-get install -y -qq --no-install-recommends libdnnl-dev zlib1g-dev' "$work/calls"
stand_in apt-get 'exit 100'
check 'a failing installation is exit 66' run 66 "$root/scripts/test"
check '... and names what is missing' says 'missing: libdnnl-dev zlib1g-dev'
if [ "$(id -u)" -ne 0 ]; then
  check 'sudo is printed before it is used' eval 'run 66 "$root/scripts/test"; says "running: sudo"'
  rm "$work/bin/sudo"
  check 'without root and sudo it is exit 66' run 66 "$root/scripts/test"
  check '... and says why' says 'you are not root and there is no sudo'
fi

verdict
