"""Renews certificates until it is told to stop: python -m mesh.renewing FOLDER ACCOUNT=IDENTITY ..."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from mesh.certificates import renew

_SECONDS = 60.0  # between two looks; a certificate is due for six hours before it ends


def main(arguments: Sequence[str]) -> int:
    """Looks again every minute; says whose certificates it has renewed. What fails is tried again."""
    parser = argparse.ArgumentParser(prog="python -m mesh.renewing", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("identities", nargs="+", metavar="ACCOUNT=IDENTITY")
    options = parser.parse_args(arguments)
    identities = dict(text.split("=", 1) for text in options.identities)
    told_to_stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told_to_stop.set())
    while not told_to_stop.is_set():
        try:
            if renewed := renew(options.folder, identities):
                print(f"renewed: {', '.join(renewed)}", flush=True)
        except (OSError, ValueError) as error:
            print(f"not renewed: {error}", flush=True)
        told_to_stop.wait(_SECONDS)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
