"""One service in a process of its own, forked from one that has imported everything: it starts in no time."""

from __future__ import annotations

import importlib
import os
import sys
import threading
from collections.abc import Iterable
from datetime import timedelta
from multiprocessing import get_context, parent_process
from pathlib import Path

from chassis.config import ServiceConfig

context = get_context("forkserver")
# What somebody who died had in hand is taken up by others after these times; they are too long to be waited for.
_SHORTER: dict[str, tuple[str, object]] = {
    "messaging.consumer": ("_ACK_WAIT_SECONDS", 1.0),
    "notifications.store": ("LONGEST_DELIVERY", timedelta(seconds=1)),
}


def preload(services: Iterable[str]) -> None:
    """Lets the process that others are forked from import what they need."""
    context.set_forkserver_preload(["tests.crash.hooks", *(f"{service}.__main__" for service in services)])


def run(config: ServiceConfig, folder: Path) -> None:
    """Runs the service of this configuration, watched, until it is killed. Its log is in the folder."""
    from tests.crash import hooks
    from tests.crash.boundary import Watch
    from tests.crash.notes import Notes

    _log_to(folder / f"{config.service}.log")
    threading.Thread(target=_end_with_parent, daemon=True).start()
    hooks.install(config.service, Watch(config.service, Notes(folder, config.service)))
    root = importlib.import_module(f"{config.service}.__main__")
    _shorten_waits()
    root.build_service(config).run()


def _shorten_waits() -> None:
    for module, (name, value) in _SHORTER.items():
        if module in sys.modules:
            assert hasattr(sys.modules[module], name), f"{module} has no {name}"
            setattr(sys.modules[module], name, value)


def _log_to(file: Path) -> None:
    log = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, sys.stdout.fileno())
    os.dup2(log, sys.stderr.fileno())


def _end_with_parent() -> None:
    parent = parent_process()
    if parent:
        parent.join()
    os._exit(1)
