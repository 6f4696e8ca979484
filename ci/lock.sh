#!/usr/bin/env bash
# Compiles the locks from the pyproject.toml files; needs uv. What is locked stays, unless UPGRADE=1.
set -euo pipefail
cd "$(dirname "$0")/.."
UV=${UV:-uv}
command -v "$UV" >/dev/null || { echo "lock: uv is needed (pip install uv), or UV=/path/to/uv" >&2; exit 1; }

# One lock holds for every supported platform and Python; wheels only, and no address of any index.
compile() {
  local output=$1
  shift
  "$UV" pip compile --quiet --universal --python-version 3.11 --only-binary :all: --generate-hashes \
    --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
    --no-emit-package night-market --no-emit-package night-market-chassis --no-emit-package night-market-contracts \
    --no-emit-package night-market-messaging --no-emit-package night-market-topology \
    ${UPGRADE:+--upgrade} --output-file "$output" "$@"
  # uv closes with the names of our own libraries, which are no packages.
  grep -v '^#' "$output" | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}' >"$output.new"
  mv "$output.new" "$output"
}

compile requirements.txt pyproject.toml services/*/pyproject.toml
compile requirements-dev.txt pyproject.toml services/*/pyproject.toml --group pyproject.toml:dev --constraints requirements.txt
for service in services/*/; do
  UPGRADE='' compile "${service}requirements.txt" "${service}pyproject.toml" --constraints requirements.txt
done
# Load tests run in a container of their own; nobody else needs locust.
compile loadtests/requirements.txt loadtests/pyproject.toml
# Nor does the container that keeps the sidecars need what a service needs.
UPGRADE='' compile mesh/requirements.txt mesh/pyproject.toml --constraints requirements.txt
# The audit's container needs its clients of the stores and nothing of a service.
UPGRADE='' compile tools/audit/requirements.txt tools/audit/pyproject.toml --constraints requirements.txt
