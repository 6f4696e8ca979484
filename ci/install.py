"""Makes the virtual environment .venv and installs a lock into it, unless that is done already.

Usage: python ci/install.py [--check] run|dev    (ci/install.sh finds the Python; standard library only)

--check only tells, by its exit code, whether the environment is complete; it writes nothing but the list of
source folders. The environment goes on working after its folder was moved.
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
_INCLUDES = {"run": ["run"], "dev": ["run", "dev"]}  # tests/conventions holds that the locks do
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
    """The environment cannot be made; the text is one line for the reader."""


def main(arguments: list[str]) -> int:
    """Install the lock of the kind that the arguments name; returns the exit code."""
    kind = arguments[-1]
    if "--check" in arguments:
        return 0 if is_complete(kind, site_packages()) else 1
    # The folder itself is the lock: two `make` at once must not both install.
    folder = os.open(".", os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    try:
        install(kind)
    except InstallError as error:
        print(f"install: {error}", file=sys.stderr)
        return 1
    except PermissionError as error:
        print(
            f"install: {error.filename} belongs to another account; remove .venv as that account",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def is_complete(kind: str, packages: Path) -> bool:
    """Whether the lock of this kind is installed as it is; if so, brings the source folders up to date."""
    stamp = _stamp(kind, packages)
    if not stamp.is_file() or stamp.read_text() != _digest(kind) or _moved():
        return False
    write_source_folders(packages)
    return True


def install(kind: str) -> None:
    """Make the environment where it is missing or broken, and install the lock into it."""
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
    """A virtual environment with pip in it. A broken one, say of a Python that is gone, is made anew."""
    if (
        PYTHON.exists()
        and not subprocess.run([PYTHON, "-c", "import pip"], capture_output=True, check=False).returncode
    ):
        return
    _run(sys.executable, "-m", "venv", "--clear", str(VENV))
    _home().write_text(str(Path.cwd()))


def install_lock(lock: Path) -> None:
    """Install every package of a lock, hashes checked, wheels only; V=1 shows what pip says."""
    count = len(re.findall(r"^[A-Za-z0-9]\S*==", lock.read_text(), re.MULTILINE))
    print(f"installing {count} packages into {VENV}, once ...", flush=True)
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
        said = ""
    else:
        with LOG.open("w") as log:
            result = subprocess.run(
                command, env=environment, stdout=log, stderr=subprocess.STDOUT, check=False
            )
        said = LOG.read_text()
    if result.returncode:
        raise InstallError(explain(said))
    print(f"installed in {time.monotonic() - began:.0f} s")


def explain(said: str) -> str:
    """One line about why pip failed, from what it said."""
    machine = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    if any(sign in said for sign in _NO_NETWORK):
        return f"the package index cannot be reached; the first start needs the network (see {LOG})"
    if wheel := _NO_WHEEL.search(said):
        return f"there is no wheel of {wheel[1]} for this machine ({machine})"
    if changed := _BAD_HASH.search(said):
        return f"{changed[1]} is not the file that the lock names: its hash differs"
    last = said.strip().splitlines()[-1:] or ["see above"]
    return f"pip failed: {last[0]} (all that it said: {LOG})"


def write_source_folders(packages: Path) -> None:
    """Put every src folder on the path, relative to the environment, so that the whole may be moved."""
    folders = sorted(Path().glob("libs/*/src")) + sorted(Path().glob("services/*/src"))
    text = "".join(f"{os.path.relpath(folder.absolute(), packages)}\n" for folder in folders)
    paths = packages / "night-market.pth"
    if not paths.is_file() or paths.read_text() != text:
        paths.write_text(text)


def repair_scripts() -> None:
    """Let the programs in .venv/bin start the Python of the folder where they are now."""
    old = _home().read_text().encode() if _home().is_file() else b""
    for script in (VENV / "bin").iterdir():
        if old and not script.is_symlink() and script.is_file():
            content = script.read_bytes()
            # Only text names the folder: a server's program would be damaged.
            if b"\0" not in content and old in content:
                script.write_bytes(content.replace(old, os.fsencode(Path.cwd())))
    _home().write_text(str(Path.cwd()))


def site_packages() -> Path:
    """Where the running Python keeps its packages."""
    return Path(sysconfig.get_path("purelib"))


def _home() -> Path:
    return VENV / "made-in"


def _moved() -> bool:
    return not _home().is_file() or _home().read_text() != str(Path.cwd())


def _stamp(kind: str, packages: Path) -> Path:
    # Among the packages, so that another version of Python, which has others, finds none.
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
