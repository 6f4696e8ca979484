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
