"""Rotates certificates until it is stopped: python -m mesh.agent.rotation FOLDER ACCOUNT=IDENTITY ..."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from mesh.agent.certificates import renew

_INTERVAL_SECONDS = 60.0  # a certificate is due for renewal six hours before it expires


def main(arguments: Sequence[str]) -> int:
    """Renew the certificates that are due, once a minute, until SIGTERM or SIGINT. Failures are retried."""
    parser = argparse.ArgumentParser(prog="python -m mesh.agent.rotation", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("identities", nargs="+", metavar="ACCOUNT=IDENTITY")
    options = parser.parse_args(arguments)
    identities = dict(text.split("=", 1) for text in options.identities)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    while not stopped.is_set():
        try:
            if renewed := renew(options.folder, identities):
                print(f"certificates renewed: {', '.join(renewed)}", flush=True)
        except (OSError, ValueError) as error:
            print(f"certificate renewal failed; retrying: {error}", flush=True)
        stopped.wait(_INTERVAL_SECONDS)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
