# What the shell tests share. Sourced, not run: gives a folder that goes away, check, and the verdict.
export LC_ALL=C
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

check() { # DESCRIPTION COMMAND...
  local description=$1
  shift
  if "$@"; then echo "ok: $description"; else echo "FAILED: $description" && failures=$((failures + 1)); fi
}

verdict() { # the last command of a test
  [ $failures -eq 0 ] || { echo "$failures failed" && exit 1; }
}
