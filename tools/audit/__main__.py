"""`python -m tools.audit`, from the checkout's root: compares all books of the market that runs in laptop mode."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence

from laptop import closing
from laptop.cli import common_options, exit_code_of
from laptop.errors import LaptopError
from laptop.home import Home
from laptop.terminal import Progress
from tools.audit import patience
from tools.audit.errors import CannotRead
from tools.audit.reconciliation import audit
from tools.audit.report import Report
from tools.audit.stores import Stores


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Audit and print. Gives 0 where all agrees, 1 where not or where it cannot read, 3 where the market is closed."""
    options = _parser(environ).parse_args(arguments)

    def command() -> int:
        report = _audited(Home(options.dir.resolve()), options.patience)
        print(report.told(options.verbose), flush=True)
        return 0 if report.is_clean else 1

    return exit_code_of(command, "audit", options.verbose)


def _audited(home: Home, patience: float) -> Report:
    market, _ = closing.required(home)
    progress = Progress(sys.stderr)
    try:
        return audit(Stores.of_market(market), patience, progress.show)
    except CannotRead as error:
        raise LaptopError(str(error)) from error
    finally:
        progress.clear()


def _parser(environ: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.audit", description=__doc__, parents=[common_options(environ)]
    )
    patience.add_to(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
