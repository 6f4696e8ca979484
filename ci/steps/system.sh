#!/usr/bin/env bash
# Run a sample of the crash tests, the whole stack through its gateway, a browser, and laptop mode.
# The slowest tests run first. crash.sh runs all crash tests.
# MESH=1: run the whole stack again, with sidecars.
. "$(dirname "$0")/common.sh"
if [ -n "${MESH:-}" ]; then
  # One after the other: the limit of inotify watches per user is enough for one stack with sidecars.
  own_stacks=(tests/system/test_chaos.py tests/system/test_traces.py)
  run_tests "system tests, with sidecars" -rs tests/system "${own_stacks[@]/#/--ignore=}"
  run_tests "system tests, with sidecars, in separate stacks" "${own_stacks[@]}"
  exit
fi
run_parallel 3 "system tests" tests/crash tests/system laptop/tests/system
