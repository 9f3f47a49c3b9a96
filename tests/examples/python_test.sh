#!/usr/bin/env bash
# Runs a test in Python; exits with 77 (skipped) where Python or a package is missing.
# usage: python_test.sh SCRIPT FOLDER-OF-PROGRAMS PROJECT-FOLDER PACKAGE...
set -euo pipefail

python=${MOELM_PYTHON:-python3}
command -v "$python" >/dev/null || { echo "skipped: there is no $python" && exit 77; }
for package in "${@:4}"; do
  "$python" -c "import $package" 2>/dev/null || { echo "skipped: $python has no package $package" && exit 77; }
done
PYTHONDONTWRITEBYTECODE=1 exec "$python" "$1" "$2" "$3"
