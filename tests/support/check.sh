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

every() { # COMMAND ITEM...: whether the command succeeds with each item
  local command=$1 item
  shift
  for item in "$@"; do "$command" "$item" || { echo "not for $item" && return 1; }; done
}

verdict() { # the last command of a test
  [ $failures -eq 0 ] || { echo "$failures failed" && exit 1; }
}
