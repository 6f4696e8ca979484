#!/usr/bin/env bash
# Create .venv and install a lock into it, if it is not installed yet.
# Usage: ci/install.sh run|dev     run: what the stack needs; dev: also the development tools.
set -euo pipefail
cd "$(dirname "$0")/.."

find_python() {
  local candidate broken=
  for candidate in ${PYTHON:+"$PYTHON"} python3.14 python3.13 python3.12 python3.11 python3; do
    "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
    if "$candidate" -c 'import ensurepip, venv' 2>/dev/null; then
      echo "$candidate"
      return
    fi
    broken=$candidate
  done
  if [ -n "$broken" ]; then
    echo "install: $broken has no modules venv and ensurepip (on Debian and Ubuntu: apt install python3-venv)" >&2
  else
    echo "install: Python 3.11 or newer is required and was not found; set PYTHON=/path/to/python to use another one" >&2
  fi
  return 1
}

# Usually everything is installed, and the environment's own Python confirms it fast.
if [ -x .venv/bin/python ] && .venv/bin/python ci/install.py --check "$1" 2>/dev/null; then
  exit 0
fi
python=$(find_python)
exec "$python" ci/install.py "$1"
