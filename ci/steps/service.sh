#!/usr/bin/env bash
# Each service against real servers: PostgreSQL and NATS, started for the run.
. "$(dirname "$0")/common.sh"
side_by_side 4 "service tests" {libs,services}/*/tests/service tools/chaos/tests/service ci/tests
