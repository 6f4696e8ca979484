#!/usr/bin/env bash
# Every service dies at every boundary of an order. `make test` tries a share of them, with the system tests.
. "$(dirname "$0")/common.sh"
run_tests "crash tests, every boundary" --all-boundaries tests/crash
