#!/usr/bin/env bash
# The whole market through its gateway, the browser included.
. "$(dirname "$0")/common.sh"
run_tests "system tests" tests/system
