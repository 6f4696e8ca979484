"""Compare all stores of the stack that runs in laptop mode or, with --secrets, in containers."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.audit import NotRunning, StoreError, Stores, run

_DEFAULT_FOLDER = Path(__file__).resolve().parents[2] / ".market"
_MAX_GRACE = 3600.0  # seconds
VIOLATED, USAGE, NOT_RUNNING, INTERRUPTED = 1, 2, 3, 130  # exit codes


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run the audit, print its report and return the exit code: 0 if no rule is violated."""
    options = _parser(environ).parse_args(arguments)
    try:
        report = run(_stores(options), options.grace, _show_progress)
    except NotRunning as error:
        return _fail(str(error), NOT_RUNNING)
    except StoreError as error:
        return _fail(str(error), VIOLATED)
    except OSError as error:
        return _fail(f"A secret cannot be read: {error}", USAGE)
    except KeyboardInterrupt:
        return _fail("Interrupted.", INTERRUPTED)
    _show_progress("")
    print(report.text(options.verbose), flush=True)
    return 0 if report.is_clean else VIOLATED


def _stores(options: argparse.Namespace) -> Stores:
    """The stores of the stack that the options name. Raises NotRunning, or OSError if a secret is missing."""
    if options.secrets:
        return Stores.of_containers(options.secrets, options.mail)
    return Stores.of_folder(options.dir.resolve())


def _fail(message: str, exit_code: int) -> int:
    _show_progress("")
    print(message, file=sys.stderr)
    return exit_code


def _show_progress(text: str) -> None:
    """Replace the line that a terminal shows; print nothing if stderr is not a terminal."""
    if sys.stderr.isatty():
        width = shutil.get_terminal_size().columns - 1
        print(f"\r\033[K{text[:width]}", end="", file=sys.stderr, flush=True)


def _parser(environ: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.audit", description=__doc__)
    parser.add_argument(
        "--dir", type=Path, default=Path(environ.get("MARKET_DIR") or _DEFAULT_FOLDER), metavar="FOLDER",
        help="the state folder of the stack; default: MARKET_DIR, or .market in the checkout",
    )  # fmt: skip
    parser.add_argument(
        "--secrets", type=Path, metavar="FOLDER",
        help="audit a stack in containers, from a container in its networks; the folder has its secrets",
    )  # fmt: skip
    parser.add_argument(
        "--mail", type=Path, default=Path("/mail"), metavar="FOLDER",
        help="with --secrets: the Maildir of the emails; default: /mail",
    )  # fmt: skip
    parser.add_argument(
        "--grace", type=_seconds, default=10.0, metavar="SECONDS",
        help="the time for which a violation must last to count, 0 to 3600; default: 10",
    )  # fmt: skip
    parser.add_argument(
        "--verbose", action="store_true", default=bool(environ.get("V")),
        help="show all violations, not ten per rule; default: V",
    )  # fmt: skip
    return parser


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds <= _MAX_GRACE:
        raise ValueError(text)
    return seconds


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
