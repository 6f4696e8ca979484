"""`python -m tools.audit.container`: compares all books of a market in containers, beside which it runs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from laptop.terminal import Progress
from tools.audit import patience
from tools.audit.errors import CannotRead
from tools.audit.reconciliation import audit
from tools.audit.stores import Stores


def main(arguments: Sequence[str]) -> int:
    """Audit and print. Gives 0 where all agrees, 1 where not or where it cannot read, 2 for a missing secret."""
    parser = argparse.ArgumentParser(prog="python -m tools.audit.container", description=__doc__)
    parser.add_argument("--secrets", type=Path, default=Path("/run/secrets"), metavar="FOLDER")
    parser.add_argument(
        "--mail", type=Path, default=Path("/mail"), metavar="FOLDER", help="the Maildir of the mails"
    )
    parser.add_argument("--verbose", action="store_true", help="show all that is wrong, not ten of each rule")
    patience.add_to(parser)
    options = parser.parse_args(arguments)
    progress = Progress(sys.stderr)
    try:
        report = audit(Stores.of_containers(options.secrets, options.mail), options.patience, progress.show)
    except (CannotRead, OSError) as error:
        progress.clear()
        print(f"audit: {error}", file=sys.stderr)
        return 1 if isinstance(error, CannotRead) else 2
    progress.clear()
    print(report.told(options.verbose), flush=True)
    return 0 if report.is_clean else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
