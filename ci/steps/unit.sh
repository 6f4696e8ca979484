#!/usr/bin/env bash
# Rules and repository: every domain by itself, the generated code, the house rules. No servers; seconds.
. "$(dirname "$0")/common.sh"
run_tests "unit tests" {libs,services}/*/tests/unit tools/{audit,chaos}/tests/unit {laptop,mesh,compose,telemetry}/tests/unit tests/conventions
