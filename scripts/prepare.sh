# What scripts/quickstart and scripts/test share: find what is missing, install it from Debian's packages, configure.
# Sourced, not run. The caller sets `install` to yes or no.

readonly exit_missing=66

say() { printf '%s\n' "$*"; }

fail() { # fail CODE MESSAGE
  printf 'error: %s\n' "$2" >&2
  exit "$1"
}

# Prints the reason why packages cannot be installed here, or nothing.
why_not_install() {
  if [ "$install" = no ]; then
    echo "--no-install was given"
  elif ! command -v apt-get >/dev/null; then
    echo "this is not Debian (no apt-get)"
  elif [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
    echo "you are not root and there is no sudo"
  fi
}

# install_packages PACKAGE...: prints the exact commands, then runs them; stops with 66 where they may not run.
install_packages() {
  local reason as_root=()
  reason=$(why_not_install)
  [ -z "$reason" ] || fail $exit_missing "missing: $* (as Debian names them); not installed because $reason"
  if [ "$(id -u)" -ne 0 ]; then
    as_root=(sudo)
    [ -t 0 ] || as_root=(sudo -n)
  fi
  local update=("${as_root[@]}" apt-get update -qq)
  local command=("${as_root[@]}" apt-get install -y -qq --no-install-recommends "$@")
  say "missing: $*"
  say "  running: ${update[*]}"
  say "  running: ${command[*]}"
  { "${update[@]}" && "${command[@]}" >/dev/null; } ||
    fail $exit_missing "missing: $* (as Debian names them); the commands above failed"
}

# Tools without which nothing can be asked of CMake.
install_tools() {
  local missing=()
  if [ -n "${CXX:-}" ]; then
    command -v "${CXX%% *}" >/dev/null || fail $exit_missing "missing: $CXX, which the environment variable CXX names"
  else
    command -v c++ >/dev/null || missing+=(g++)
  fi
  command -v cmake >/dev/null || missing+=(cmake)
  command -v ninja >/dev/null || missing+=(ninja-build)
  [ ${#missing[@]} -eq 0 ] || install_packages "${missing[@]}"
}

# configure ARGUMENTS...: runs cmake; what it finds missing (its lines "missing: PACKAGE") is installed, once.
configure() {
  local log missing
  log=$(mktemp)
  if ! cmake "$@" >"$log" 2>&1; then
    mapfile -t missing < <(sed -n 's/^missing: \([^ ]*\).*/\1/p' "$log" | sort -u)
    [ ${#missing[@]} -gt 0 ] || { cat "$log" >&2; rm -f "$log"; exit 70; }
    rm -f "$log"
    install_packages "${missing[@]}"
    cmake "$@" >"$log" 2>&1 || { cat "$log" >&2; rm -f "$log"; exit 70; }
  fi
  rm -f "$log"
}
