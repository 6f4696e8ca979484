#!/usr/bin/env bash
# Laptop mode with a small market of its own, the whole market through its gateway, the browser included, and crashes.
. "$(dirname "$0")/common.sh"
run_tests "system tests" laptop/tests/system tests/system tests/crash
