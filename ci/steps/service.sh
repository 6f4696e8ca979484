#!/usr/bin/env bash
# Each service, and laptop mode, against real servers: PostgreSQL and NATS, started for the run.
. "$(dirname "$0")/common.sh"
run_tests "service tests" {libs,services}/*/tests/service ci/tests laptop/tests --ignore=laptop/tests/unit
