#!/usr/bin/env bash
# Compiles the locks from the pyproject.toml files; needs uv. Locked versions stay, unless UPGRADE=1.
set -euo pipefail
cd "$(dirname "$0")/.."
UV=${UV:-uv}
command -v "$UV" >/dev/null || { echo "lock: uv is needed (pip install uv), or UV=/path/to/uv" >&2; exit 1; }

# One lock covers every supported platform and Python; it has wheels only, and no address of an index.
compile() {
  local output=$1
  shift
  "$UV" pip compile --quiet --universal --python-version 3.11 --only-binary :all: --generate-hashes \
    --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
    --no-emit-package night-market --no-emit-package night-market-chassis --no-emit-package night-market-contracts \
    --no-emit-package night-market-messaging --no-emit-package night-market-topology \
    ${UPGRADE:+--upgrade} --output-file "$output" "$@"
  # uv ends the file with the names of our own libraries, which are not packages.
  grep -v '^#' "$output" | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}' >"$output.new"
  mv "$output.new" "$output"
}

compile requirements.txt pyproject.toml services/*/pyproject.toml
compile requirements-dev.txt pyproject.toml services/*/pyproject.toml --group pyproject.toml:dev --constraints requirements.txt
for service in services/*/; do
  UPGRADE='' compile "${service}requirements.txt" "${service}pyproject.toml" --constraints requirements.txt
done
# The load tests run in a separate container; only they need locust.
compile loadtests/requirements.txt loadtests/pyproject.toml
# The container of the mesh's agent needs its own packages and none of a service.
UPGRADE='' compile mesh/requirements.txt mesh/pyproject.toml --constraints requirements.txt
# The audit's container needs its clients of the stores and nothing of a service.
UPGRADE='' compile tools/audit/requirements.txt tools/audit/pyproject.toml --constraints requirements.txt
