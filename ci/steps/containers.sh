#!/usr/bin/env bash
# Run the stack in containers on the available Docker engine: images, hardening, shop, outages, chaos.
. "$(dirname "$0")/common.sh"
run_tests "container tests" tests/containers
