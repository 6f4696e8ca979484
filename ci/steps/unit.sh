#!/usr/bin/env bash
# Run the unit tests and the conventions. They start no servers and take seconds.
. "$(dirname "$0")/common.sh"
run_tests "unit tests" {libs,services}/*/tests/unit tools/{audit,chaos}/tests/unit {laptop,mesh,compose,telemetry}/tests/unit tests/conventions
