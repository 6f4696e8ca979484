#!/usr/bin/env bash
# The gateway: a real Envoy before small services that are made for the test.
. "$(dirname "$0")/common.sh"
run_tests "gateway tests" gateway/tests
