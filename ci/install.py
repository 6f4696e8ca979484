"""Create the virtual environment .venv and install a lock into it, if it is not installed yet.

Usage: python ci/install.py [--check] run|dev    (ci/install.sh finds a Python; needs only the standard library)

With --check, the exit code states whether the environment is complete; only the list of source folders is written.
The environment still works if its checkout is moved.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import re
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

LOCKS = {"run": Path("requirements.txt"), "dev": Path("requirements-dev.txt")}
_INCLUDES = {"run": ["run"], "dev": ["run", "dev"]}  # the dev lock includes the run lock; a test checks it
VENV = Path(".venv")
PYTHON = VENV / "bin" / "python"
LOG = VENV / "install.log"
_NO_NETWORK = (
    "Failed to establish a new connection",
    "Connection to",
    "ConnectTimeout",
    "Temporary failure",
    "NameResolutionError",
    "ProxyError",
    "Network is unreachable",
)
_NO_WHEEL = re.compile(r"No matching distribution found for ([A-Za-z0-9._-]+)")
_BAD_HASH = re.compile(
    r"THESE PACKAGES DO NOT MATCH THE HASHES.*?^\s+([A-Za-z0-9._-]+==\S+)", re.DOTALL | re.MULTILINE
)


class InstallError(Exception):
    """The environment cannot be created; the message is one line for the user."""


def main(arguments: list[str]) -> int:
    """Install the lock that the arguments name (run or dev) and return the exit code."""
    kind = arguments[-1]
    if "--check" in arguments:
        return 0 if is_complete(kind, site_packages()) else 1
    # Lock the checkout's folder, so that two concurrent `make` runs do not both install.
    folder = os.open(".", os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    try:
        install(kind)
    except InstallError as error:
        print(f"install: {error}", file=sys.stderr)
        return 1
    except PermissionError as error:
        print(
            f"install: {error.filename} belongs to another user; remove .venv as that user",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def is_complete(kind: str, packages: Path) -> bool:
    """Return whether this lock is installed. If it is, update the list of source folders."""
    stamp = _stamp(kind, packages)
    if not stamp.is_file() or stamp.read_text() != _digest(kind) or _moved():
        return False
    write_source_folders(packages)
    return True


def install(kind: str) -> None:
    """Create the environment if it is missing or broken, and install the lock into it."""
    make_environment()
    packages = Path(_run(PYTHON, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    if _moved():
        repair_scripts()
    if is_complete(kind, packages):
        return
    install_lock(LOCKS[kind])
    write_source_folders(packages)
    for included in _INCLUDES[kind]:
        _stamp(included, packages).write_text(_digest(included))


def make_environment() -> None:
    """Create a virtual environment with pip. Replace a broken one, for example if its Python was removed."""
    if (
        PYTHON.exists()
        and not subprocess.run([PYTHON, "-c", "import pip"], capture_output=True, check=False).returncode
    ):
        return
    _run(sys.executable, "-m", "venv", "--clear", str(VENV))
    _home().write_text(str(Path.cwd()))


def install_lock(lock: Path) -> None:
    """Install every package of a lock from wheels and check the hashes. V=1 shows the output of pip."""
    count = len(re.findall(r"^[A-Za-z0-9]\S*==", lock.read_text(), re.MULTILINE))
    print(f"installing {count} packages into {VENV} (first run only) ...", flush=True)
    began = time.monotonic()
    command: list[str | Path] = [
        PYTHON,
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-input",
        "--no-deps",
        "--only-binary",
        ":all:",
        "--require-hashes",
        "--requirement",
        lock,
    ]
    environment = os.environ | {"PIP_USER": "0"}
    if os.environ.get("V"):
        result = subprocess.run(command, env=environment, check=False)
        output = ""
    else:
        with LOG.open("w") as log:
            result = subprocess.run(
                command, env=environment, stdout=log, stderr=subprocess.STDOUT, check=False
            )
        output = LOG.read_text()
    if result.returncode:
        raise InstallError(explain(output))
    print(f"installed in {time.monotonic() - began:.0f} s")


def explain(output: str) -> str:
    """Return one line that states why pip failed, from its output."""
    machine = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    if any(sign in output for sign in _NO_NETWORK):
        return f"cannot reach the package index; the first run needs a network connection (see {LOG})"
    if wheel := _NO_WHEEL.search(output):
        return f"{wheel[1]} has no wheel for this machine ({machine})"
    if changed := _BAD_HASH.search(output):
        return f"the hash of {changed[1]} does not match the lock"
    last = output.strip().splitlines()[-1:] or ["no output"]
    return f"pip failed: {last[0]} (full output: {LOG})"


def write_source_folders(packages: Path) -> None:
    """Add every src folder to the import path, relative to the environment, so that the checkout can be moved."""
    folders = sorted(Path().glob("libs/*/src")) + sorted(Path().glob("services/*/src"))
    text = "".join(f"{os.path.relpath(folder.absolute(), packages)}\n" for folder in folders)
    paths = packages / "night-market.pth"
    if not paths.is_file() or paths.read_text() != text:
        paths.write_text(text)


def repair_scripts() -> None:
    """Point the scripts in .venv/bin at the Python in the current folder."""
    old = _home().read_text().encode() if _home().is_file() else b""
    for script in (VENV / "bin").iterdir():
        if old and not script.is_symlink() and script.is_file():
            content = script.read_bytes()
            # Replace the path in text files only; a change would corrupt a binary.
            if b"\0" not in content and old in content:
                script.write_bytes(content.replace(old, os.fsencode(Path.cwd())))
    _home().write_text(str(Path.cwd()))


def site_packages() -> Path:
    """Return the site-packages folder of the running Python."""
    return Path(sysconfig.get_path("purelib"))


def _home() -> Path:
    return VENV / "made-in"


def _moved() -> bool:
    return not _home().is_file() or _home().read_text() != str(Path.cwd())


def _stamp(kind: str, packages: Path) -> Path:
    # In site-packages, because another version of Python has another folder and must install again.
    return packages / f"night-market-{kind}.lock"


def _digest(kind: str) -> str:
    return hashlib.sha256(LOCKS[kind].read_bytes()).hexdigest()


def _run(*command: str | Path) -> str:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        last = (result.stderr or result.stdout).strip().splitlines()[-1:] or ["no reason given"]
        raise InstallError(f"{command[0]} failed: {last[0]}")
    return result.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
