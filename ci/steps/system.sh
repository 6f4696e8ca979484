#!/usr/bin/env bash
# Crashes, the whole market through its gateway, the browser included, and laptop mode with a small market of its own.
# What takes longest comes first. Of the crashes it is a share, see crash.sh.
# MESH=1: the whole market again, with sidecars; the others have none.
. "$(dirname "$0")/common.sh"
if [ -n "${MESH:-}" ]; then
  # One after the other: the files that Linux lets an account watch are enough for one market with sidecars.
  own_markets=(tests/system/test_chaos.py tests/system/test_traces.py)
  run_tests "system tests, with sidecars" -rs tests/system "${own_markets[@]/#/--ignore=}"
  run_tests "the same, in markets of their own" "${own_markets[@]}"
  exit
fi
side_by_side 3 "system tests" tests/crash tests/system laptop/tests/system
