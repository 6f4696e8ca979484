"""The folder of one market (`.market/`): what is kept in it, and who is working on it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from laptop.errors import LaptopError

# By this variable the processes of a market are known again after a crash. Nobody else may set it.
MARKER = "NIGHT_MARKET_HOME"

# supervisord's configuration cannot express these in a path.
_IMPOSSIBLE = ('"', "\n", " ;", " #", "\t;", "\t#")


@dataclass(frozen=True)
class Secrets:
    """The passwords of one market, made when it is first started."""

    supervisor: str
    postgres: str
    nats: str
    secret_key: str
    bank_api_key: str
    databases: dict[str, str] = field(repr=False)

    @classmethod
    def generate(cls, databases: Iterable[str]) -> Secrets:
        """New passwords, one for each of the databases besides the fixed ones."""
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
class Home:
    """The market's folder; `MARKET_DIR` or ``--dir`` names another than `.market`."""

    path: Path

    def __post_init__(self) -> None:
        for text in _IMPOSSIBLE:
            if text in str(self.path):
                raise LaptopError(
                    f"The market's folder may not have {text!r} in its path: {self.path}", exit_code=2
                )

    @property
    def run(self) -> Path:
        """Generated configuration and pid files."""
        return self.path / "run"

    @property
    def logs(self) -> Path:
        """One log file for each program."""
        return self.path / "logs"

    @property
    def mail(self) -> Path:
        """The mails that the market has sent."""
        return self.path / "mail"

    @property
    def streams(self) -> Path:
        """JetStream's files."""
        return self.path / "nats"

    @property
    def postgres(self) -> Path:
        """PostgreSQL's folder, or a link to it where it had to be put elsewhere."""
        return self.path / "postgres"

    @property
    def mesh(self) -> Path:
        """The sidecars' files, keys and certificates."""
        return self.path / "mesh"

    @property
    def mesh_changes(self) -> Path:
        """Resources that were applied to the policies while the market runs."""
        return self.mesh / "applied"

    @property
    def supervisor_configuration(self) -> Path:
        """What supervisord was started with."""
        return self.run / "supervisord.conf"

    def create(self) -> None:
        """Make the folders; `LaptopError` if they belong to another account.

        Others may pass through, as PostgreSQL's account must, but see nothing.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        if self.path.stat().st_uid != os.geteuid():
            raise LaptopError(
                f"The market in {self.path} belongs to another account. For one of your own: "
                "make up MARKET_DIR=/another/folder PORT=9080",
                exit_code=2,
            )
        self.path.chmod(0o711)
        for folder in (self.run, self.logs, self.mail, self.streams):
            folder.mkdir(mode=0o700, exist_ok=True)

    def write_private(self, path: Path, text: str) -> None:
        """Write a file that only we may read, whole or not at all."""
        unfinished = path.with_name(path.name + ".unfinished")
        unfinished.unlink(missing_ok=True)
        unfinished.touch(mode=0o600)
        unfinished.write_text(text)
        unfinished.replace(path)

    def secrets(self, databases: Iterable[str]) -> Secrets:
        """The market's passwords; made at the first call, completed where one is new."""
        made = asdict(Secrets.generate(databases))
        known = self._recorded_secrets()
        complete = {**made, **known, "databases": made["databases"] | known.get("databases", {})}
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
            damage = f"{self._secrets} is damaged. `make reset` deletes the data and starts afresh."
            raise LaptopError(damage) from None

    @property
    def _secrets(self) -> Path:
        return self.path / "secrets.json"

    def record_port(self, port: int) -> None:
        """Remember the gateway's port, for the commands that come after `up`."""
        self._port.write_text(f"{port}\n")

    def recorded_port(self) -> int | None:
        """The gateway's port at the last start, if there was one."""
        try:
            return int(self._port.read_text())
        except (OSError, ValueError):
            return None

    @property
    def _port(self) -> Path:
        return self.path / "port"

    def record_mesh(self, has_mesh: bool) -> None:
        """Remember whether there are sidecars, for the commands that come after `up`."""
        self._mesh.write_text("yes\n" if has_mesh else "no\n")

    def recorded_mesh(self) -> bool:
        """Whether there were sidecars at the last start."""
        return self._mesh.exists() and self._mesh.read_text() == "yes\n"

    @property
    def _mesh(self) -> Path:
        return self.path / "has-mesh"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other commands from changing this market at the same time; `LaptopError` if one does."""
        self.create()
        with (self.path / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise LaptopError(
                    f"Another command is starting or stopping the market in {self.path}."
                ) from None
            yield
