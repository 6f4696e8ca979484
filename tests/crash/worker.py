"""One service in a process, which is forked from one that has imported everything, so that it starts fast."""

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
# Work that a crash interrupts is taken over after these times, which are too long for a test.
_SHORT_WAITS: dict[str, tuple[str, object]] = {
    "messaging.consumer": ("_ACK_WAIT_SECONDS", 1.0),
    "notifications.store": ("MAX_DELIVERY_TIME", timedelta(seconds=1)),
}


def preload(services: Iterable[str]) -> None:
    """Import the services in the process from which the others are forked."""
    context.set_forkserver_preload(["tests.crash.hooks", *(f"{service}.__main__" for service in services)])


def run(config: ServiceConfig, folder: Path) -> None:
    """Run the service of this configuration with hooks, until it is killed. Its log is in the folder."""
    from tests.crash import hooks
    from tests.crash.boundary import BoundaryObserver
    from tests.crash.crash_plan import BoundaryLog, CrashPlan

    _log_to(folder / f"{config.service}.log")
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    name = config.service
    observer = BoundaryObserver(name, BoundaryLog(folder, name), CrashPlan(folder, name))
    hooks.install(name, observer)
    root = importlib.import_module(f"{name}.__main__")
    _shorten_waits()
    root.build_service(config).run()


def _shorten_waits() -> None:
    for module, (name, value) in _SHORT_WAITS.items():
        if module in sys.modules:
            assert hasattr(sys.modules[module], name), f"{module} has no {name}"
            setattr(sys.modules[module], name, value)


def _log_to(file: Path) -> None:
    log = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, sys.stdout.fileno())
    os.dup2(log, sys.stderr.fileno())


def _exit_with_parent() -> None:
    parent = parent_process()
    if parent:
        parent.join()
    os._exit(1)
