# Sourced by the gates: stands in the repository's root, with all tools installed. V=1 makes a gate talkative.
# shellcheck shell=bash
set -euo pipefail
shopt -s nullglob
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

ci/install.sh dev

# run_tests TITLE [PYTEST_ARGUMENT...]: one pytest run with its own closing line.
run_tests() {
  local verbosity=-q
  if [ -n "${V:-}" ]; then verbosity=-v; fi
  echo "== $1"
  .venv/bin/python -m pytest "$verbosity" "${@:2}"
}

# side_by_side NUMBER TITLE [PYTEST_ARGUMENT...]: the same in so many processes, for tests that wait more than they work.
# What is in one file stays in one process.
side_by_side() {
  run_tests "${@:2}" --numprocesses="$1" --dist=loadfile --no-loadscope-reorder
}
