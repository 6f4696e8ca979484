#!/usr/bin/env bash
# The market in containers, on the Docker engine that answers here: images, hardening, the shop, outages, chaos.
. "$(dirname "$0")/common.sh"
run_tests "container tests" tests/containers
