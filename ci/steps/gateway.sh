#!/usr/bin/env bash
# Every Envoy: the gateway before small services that are made for the test, and sidecars around some.
. "$(dirname "$0")/common.sh"
run_tests "gateway and sidecar tests" gateway/tests mesh/tests/envoy
