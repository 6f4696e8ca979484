#!/usr/bin/env bash
# Kill every service at every boundary of an order. `make test` runs a sample of these tests with the system tests.
. "$(dirname "$0")/common.sh"
run_tests "crash tests, every boundary" --all-boundaries tests/crash
