"""The state directory of a stack (`.market/`): its layout, its secrets and its lock."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from laptop import LaptopError

# Every process of a stack has this variable in its environment, so that `make up` finds it again after a crash.
MARKER = "NIGHT_MARKET_HOME"

# supervisord's configuration format cannot express these in a path.
_UNSUPPORTED = ('"', "\n", " ;", " #", "\t;", "\t#")


@dataclass(frozen=True)
class Secrets:
    """The passwords and keys of one stack, generated at its first start."""

    supervisor: str
    postgres: str
    nats: str
    secret_key: str
    bank_api_key: str
    databases: dict[str, str] = field(repr=False)  # password of each service's database role

    @classmethod
    def generate(cls, databases: Iterable[str]) -> Secrets:
        """Generate new secrets, with one password for each of ``databases``."""
        return cls(
            supervisor=_password(),
            postgres=_password(),
            nats=_password(),
            secret_key=_password(),
            bank_api_key=_password(),
            databases={name: _password() for name in databases},
        )


def _password() -> str:
    return secrets.token_hex(16)


@dataclass(frozen=True)
class StateDir:
    """The state directory: `.market`, unless `MARKET_DIR` or ``--dir`` names another one.

    Raises `LaptopError` if the path contains characters that supervisord cannot handle.
    """

    path: Path

    def __post_init__(self) -> None:
        for text in _UNSUPPORTED:
            if text in str(self.path):
                raise LaptopError(
                    f"The path of the state directory must not contain {text!r}: {self.path}", exit_code=2
                )

    @property
    def run(self) -> Path:
        """Generated configuration and pid files."""
        return self.path / "run"

    @property
    def logs(self) -> Path:
        """One log file per process."""
        return self.path / "logs"

    @property
    def mail(self) -> Path:
        """The Maildir with the emails that the stack has sent."""
        return self.path / "mail"

    @property
    def streams(self) -> Path:
        """JetStream's files."""
        return self.path / "nats"

    @property
    def postgres(self) -> Path:
        """PostgreSQL's directory, or a link to it if it is stored elsewhere."""
        return self.path / "postgres"

    @property
    def postgres_data(self) -> Path:
        """PostgreSQL's data directory, as a path without links."""
        return self.postgres.resolve() / "data"

    @property
    def mesh(self) -> Path:
        """The sidecars' files, keys and certificates."""
        return self.path / "mesh"

    @property
    def mesh_changes(self) -> Path:
        """The resources that were applied to the policies of the running stack."""
        return self.mesh / "applied"

    @property
    def supervisor_configuration(self) -> Path:
        """The configuration file of supervisord."""
        return self.run / "supervisord.conf"

    @property
    def nats_configuration(self) -> Path:
        """The configuration file of NATS."""
        return self.run / "nats.json"

    def create(self) -> None:
        """Create the directories. Raises `LaptopError` if they belong to another user.

        Other users may pass through, because PostgreSQL's user must, but they cannot list anything.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        if self.path.stat().st_uid != os.geteuid():
            raise LaptopError(
                f"The stack in {self.path} belongs to another user. To start your own: "
                "make up MARKET_DIR=/another/directory PORT=9080",
                exit_code=2,
            )
        self.path.chmod(0o711)
        for folder in (self.run, self.logs, self.mail, self.streams):
            folder.mkdir(mode=0o700, exist_ok=True)

    def write_private(self, path: Path, text: str) -> None:
        """Write a file atomically, readable by its owner only."""
        unfinished = path.with_name(path.name + ".unfinished")
        unfinished.unlink(missing_ok=True)
        unfinished.touch(mode=0o600)
        unfinished.write_text(text)
        unfinished.replace(path)

    def secrets(self, databases: Iterable[str]) -> Secrets:
        """Return the stack's secrets. Those that do not exist yet are generated and saved."""
        generated = asdict(Secrets.generate(databases))
        known = self._recorded_secrets()
        complete = {**generated, **known, "databases": generated["databases"] | known.get("databases", {})}
        if complete != known:
            self.write_private(self._secrets, json.dumps(complete, indent=2) + "\n")
        return Secrets(**complete)

    def _recorded_secrets(self) -> dict[str, Any]:
        try:
            text = self._secrets.read_text()
        except FileNotFoundError:
            return {}
        try:
            return dict(json.loads(text))
        except (ValueError, TypeError):
            raise LaptopError(
                f"{self._secrets} is damaged. `make reset` deletes all data, so that the stack can start again."
            ) from None

    @property
    def _secrets(self) -> Path:
        return self.path / "secrets.json"

    def write_endpoints(self, endpoints: Mapping[str, Any]) -> None:
        """Write `endpoints.json`, which tools read to find the parts of the stack. It contains passwords."""
        self.write_private(self.path / "endpoints.json", json.dumps(endpoints, indent=2) + "\n")

    def record_port(self, port: int) -> None:
        """Save the gateway's port for the commands that follow `up`."""
        self._port.write_text(f"{port}\n")

    def recorded_port(self) -> int | None:
        """Return the gateway's port at the last start, or None if there was none."""
        try:
            return int(self._port.read_text())
        except (OSError, ValueError):
            return None

    @property
    def _port(self) -> Path:
        return self.path / "port"

    def record_mesh(self, has_mesh: bool) -> None:
        """Save whether the stack has sidecars, for the commands that follow `up`."""
        self._mesh.write_text("yes\n" if has_mesh else "no\n")

    def recorded_mesh(self) -> bool:
        """Return whether the stack had sidecars at the last start."""
        return self._mesh.exists() and self._mesh.read_text() == "yes\n"

    @property
    def _mesh(self) -> Path:
        return self.path / "has-mesh"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock that commands take to change the stack. Raises `LaptopError` if another command holds it."""
        self.create()
        with (self.path / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise LaptopError(
                    f"Another command is starting or stopping the stack in {self.path}."
                ) from None
            yield
