#!/usr/bin/env bash
# Run a file, a folder or a single test (path::name).
. "$(dirname "$0")/common.sh"
run_tests "$*" "$@"
