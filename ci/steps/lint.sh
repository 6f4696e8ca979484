#!/usr/bin/env bash
# Run all static checks. A failed check does not stop the others; the summary lists the failed ones.
. "$(dirname "$0")/common.sh"

failed=()
check() {
  local name=$1 output
  shift
  if output=$("$@" 2>&1); then
    echo "ok   $name"
    if [ -n "${V:-}" ]; then echo "$output"; fi
  else
    echo "FAIL $name"
    echo "$output"
    failed+=("$name")
  fi
}

tool() { .venv/bin/python -m "$@"; }

types() {
  local sources=(libs/contracts libs/*/src services/*/src) folders=() folder
  for folder in {libs,services}/*/{src,tests} laptop gateway mesh ci tests* tools compose telemetry; do
    if [ -n "$(find "$folder" -name '*.py' -print -quit)" ]; then folders+=("$folder"); fi
  done
  MYPYPATH=$(IFS=:; echo "${sources[*]}") tool mypy "${folders[@]}" libs/contracts/*.py
}

imports() {
  .venv/bin/python -c 'import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())'
}

shell_scripts() {
  # Some platforms have no wheel of shellcheck. If it is missing, CI still checks.
  if [ ! -x .venv/bin/shellcheck ]; then echo "skipped: shellcheck is not available for this platform" && return; fi
  find . \( -name '.[mvgr]*' -o -name node_modules \) -prune -o \( -name '*.sh' -o -path ./.ci/run \) -print0 |
    xargs -0 .venv/bin/shellcheck --external-sources --source-path=SCRIPTDIR
}

containers() {
  .venv/bin/hadolint {,*/}*/Dockerfile
}

check "style (ruff)" tool ruff check --quiet .
check "format (ruff)" tool ruff format --quiet --check .
check "types (mypy)" types
check "imports (import-linter)" imports
check "spelling (codespell)" tool codespell_lib
check "commit subjects" .venv/bin/python ci/commits.py
check "contracts (buf)" .venv/bin/python libs/contracts/lint.py
check "yaml (yamllint)" tool yamllint --strict .
check "containers (hadolint)" containers
check "policies (Istio's schemas)" .venv/bin/python ci/istio.py mesh/policies/*.yaml mesh/labs/*.yaml
check "shell (shellcheck)" shell_scripts

if [ ${#failed[@]} -gt 0 ]; then
  echo "lint: failed: $(IFS=,; echo "${failed[*]}")" >&2
  exit 1
fi
