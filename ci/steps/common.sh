# Sourced by each step: changes to the root of the repository and installs all tools. V=1 prints more.
# shellcheck shell=bash
set -euo pipefail
shopt -s nullglob
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

ci/install.sh dev

# run_tests TITLE [PYTEST_ARGUMENT...]: one pytest run with its own summary line.
run_tests() {
  local verbosity=-q
  if [ -n "${V:-}" ]; then verbosity=-v; fi
  echo "== $1"
  .venv/bin/python -m pytest "$verbosity" "${@:2}"
}

# run_parallel NUMBER TITLE [PYTEST_ARGUMENT...]: the same in NUMBER processes, for tests that mostly wait.
# All tests of a file run in one process.
run_parallel() {
  run_tests "${@:2}" --numprocesses="$1" --dist=loadfile --no-loadscope-reorder
}
