#!/usr/bin/env bash
# Run the gateway in front of fake services, and sidecars around some of them.
. "$(dirname "$0")/common.sh"
run_tests "gateway and sidecar tests" gateway/tests mesh/tests/envoy
