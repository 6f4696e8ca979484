"""The command line of a sidecar."""

from __future__ import annotations

from pathlib import Path

from mesh.renderer import BOOTSTRAP

_DRAIN_SECONDS = "5"  # the time that connections of a changed or removed listener have to finish


def command(envoy: Path, folder: Path, log_flush_milliseconds: int = 1000) -> list[str]:
    """Return the command line that starts Envoy with the files of a folder."""
    return [
        str(envoy),
        "--config-path",
        str(folder / BOOTSTRAP),
        "--disable-hot-restart",
        "--reject-unknown-dynamic-fields",
        "--concurrency",
        "1",
        "--drain-time-s",
        _DRAIN_SECONDS,
        "--drain-strategy",
        "immediate",
        "--log-level",
        "warn",
        "--file-flush-interval-msec",
        str(log_flush_milliseconds),
    ]
