#!/usr/bin/env bash
# Run each service against a real PostgreSQL and NATS, which are started for the run.
. "$(dirname "$0")/common.sh"
run_parallel 4 "service tests" {libs,services}/*/tests/service tools/chaos/tests/service ci/tests
