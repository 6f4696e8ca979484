#!/usr/bin/env bash
# Crashes, the whole market through its gateway, the browser included, and laptop mode with a small market of its own.
# What takes longest comes first. Of the crashes it is a share, see crash.sh.
. "$(dirname "$0")/common.sh"
side_by_side 3 "system tests" tests/crash tests/system laptop/tests/system
