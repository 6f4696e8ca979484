"""The account that PostgreSQL runs as: ours, or `nobody` where we are root, which it refuses to be."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

SUBSTITUTE = "nobody"


@dataclass(frozen=True)
class Account:
    """A login of this machine, as subprocesses and files need it."""

    name: str
    uid: int
    gid: int

    def own(self, path: Path) -> None:
        """Hand a file or a folder (not what is in it) to this account."""
        os.chown(path, self.uid, self.gid)

    def can_reach(self, path: Path) -> bool:
        """Whether this account may pass through every folder above ``path``."""
        return all(self._may_enter(folder) for folder in path.resolve().parents)

    def _may_enter(self, folder: Path) -> bool:
        status = folder.stat()
        return bool(status.st_mode & stat.S_IXOTH) or (
            status.st_uid == self.uid and bool(status.st_mode & stat.S_IXUSR)
        )


def substitute_for_root() -> Account | None:
    """The account to use instead of root, or None when we are not root and may stay who we are."""
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam(SUBSTITUTE)
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def subprocess_identity(account: Account | None) -> dict[str, object]:
    """The arguments that make `subprocess` start a program as ``account``."""
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def copy_readable(source: Path, target: Path) -> None:
    """Copy a tree so that every account may read and run it."""
    shutil.copytree(source, target, symlinks=True, copy_function=shutil.copy)
    for path in (target, *target.rglob("*")):
        if not path.is_symlink():
            runnable = path.is_dir() or bool(path.stat().st_mode & stat.S_IXUSR)
            path.chmod(0o755 if runnable else 0o644)
