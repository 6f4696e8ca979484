"""The commands of laptop mode, as `python -m laptop` takes them."""

from __future__ import annotations

import argparse
import signal
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from laptop import bank, closing, inspection, logs, mesh_changes, opening, restarting
from laptop.errors import LaptopError
from laptop.home import Home
from laptop.terminal import Progress

INTERRUPTED = 130  # what shells report for Ctrl-C
_DEFAULT_FOLDER = Path(__file__).resolve().parent.parent / ".market"


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Carry out one command and give its exit code: 0, or that of a `LaptopError`, or 130 if interrupted."""
    options = _parser(environ).parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    commands: Mapping[str, Callable[[argparse.Namespace, Home, Mapping[str, str]], None]] = {
        "up": _up,
        "down": _down,
        "status": _status,
        "logs": _logs,
        "restart": _restart,
        "reset": _reset,
        "bank": _bank,
        "dead-letters": _dead_letters,
        "replay": _replay,
        "mesh-apply": _mesh_apply,
        "mesh-remove": _mesh_remove,
    }

    def command() -> int:
        commands[options.command](options, Home(options.dir.resolve()), environ)
        return 0

    return exit_code_of(command, options.command, options.verbose)


def exit_code_of(command: Callable[[], int], name: str, verbose: bool) -> int:
    """Carry out what `make NAME` does and give its exit code; a failure is told in its own words."""
    try:
        return command()
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except LaptopError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except Exception as error:  # a person must never be shown a traceback that they did not ask for
        if verbose:
            traceback.print_exc()
        else:
            print(f"Unexpected {type(error).__name__}: {error}", file=sys.stderr)
            print(f"More with: make {name} V=1", file=sys.stderr)
        return 1


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _port(text: str) -> int:
    if not text.isdecimal():
        raise LaptopError(f"PORT must be a number, not {text!r}", exit_code=2)
    return int(text)


def common_options(environ: Mapping[str, str]) -> argparse.ArgumentParser:
    """What every command takes: the market's folder, and whether to say more."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--dir",
        type=Path,
        default=Path(environ.get("MARKET_DIR") or _DEFAULT_FOLDER),
        help="the market's folder; default: MARKET_DIR, or .market in the checkout",
    )
    common.add_argument(
        "--verbose",
        action="store_true",
        default=bool(environ.get("V")),
        help="say more, also where an unexpected error came from; default: V",
    )
    return common


def _parser(environ: Mapping[str, str]) -> argparse.ArgumentParser:
    common = common_options(environ)
    parser = argparse.ArgumentParser(prog="python -m laptop", description="The market on this machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", parents=[common], help="open the market")
    up.add_argument(
        "--port", default="8080", help="the gateway's port; of the 99 above it some are used as well"
    )
    up.add_argument("--mesh", action="store_true", help="with a sidecar beside each service")
    commands.add_parser("down", parents=[common], help="close the market; it keeps its data")
    commands.add_parser("status", parents=[common], help="show what runs, and where")
    show = commands.add_parser("logs", parents=[common], help="show what the programs say")
    show.add_argument("name", nargs="?", help="one program alone")
    show.add_argument("-f", "--follow", action="store_true", help="go on with what comes")
    again = commands.add_parser("restart", parents=[common], help="restart one program")
    again.add_argument("name")
    reset = commands.add_parser("reset", parents=[common], help="close the market and delete its data")
    reset.add_argument("--yes", action="store_true", help="do not ask")
    ill = commands.add_parser("bank", parents=[common], help="make the bank ill or, without options, well")
    ill.add_argument("--down", default="", metavar="1", help="it turns every call away")
    ill.add_argument("--slow", default="", metavar="SECONDS", help="it answers so much later")
    ill.add_argument("--flaky", default="", metavar="SHARE", help="it fails this share of its calls, 0 to 1")
    dead = commands.add_parser("dead-letters", parents=[common], help="show events that could not be handled")
    dead.add_argument("name", nargs="?", default="", help="those of one service alone")
    back = commands.add_parser("replay", parents=[common], help="send such events back to be handled")
    back.add_argument("--service", default="", help="those of one service alone")
    back.add_argument("--number", default="", help="one alone")
    change = commands.add_parser("mesh-apply", parents=[common], help="change the mesh's policies")
    change.add_argument("file", type=Path)
    gone = commands.add_parser("mesh-remove", parents=[common], help="take such a change back")
    gone.add_argument("name", nargs="?", default="", help="one alone")
    return parser


def _up(options: argparse.Namespace, home: Home, environ: Mapping[str, str]) -> None:
    opening.up(home, _port(options.port), options.mesh, environ, Progress(sys.stdout))


def _down(_options: argparse.Namespace, home: Home, _environ: Mapping[str, str]) -> None:
    closing.down(home, Progress(sys.stdout))


def _status(_options: argparse.Namespace, home: Home, _environ: Mapping[str, str]) -> None:
    print(inspection.status(*closing.required(home)))


def _logs(options: argparse.Namespace, home: Home, _environ: Mapping[str, str]) -> None:
    logs.show(home, options.name, options.follow, lambda line: print(line, flush=options.follow))


def _restart(options: argparse.Namespace, home: Home, environ: Mapping[str, str]) -> None:
    restarting.restart(home, options.name, environ, Progress(sys.stdout))


def _reset(options: argparse.Namespace, home: Home, _environ: Mapping[str, str]) -> None:
    if not options.yes and home.path.exists():
        question = f"Delete all orders, accounts and other data of the market in {home.path}? [y/N] "
        if not sys.stdin.isatty() or input(question).strip().lower() not in ("y", "yes"):
            raise LaptopError(
                "Nothing was deleted. To delete without being asked: make reset YES=1", exit_code=2
            )
    closing.reset(home, Progress(sys.stdout))


def _bank(options: argparse.Namespace, home: Home, _environ: Mapping[str, str]) -> None:
    print(bank.set_faults(home, options.down, options.slow, options.flaky))


def _dead_letters(options: argparse.Namespace, home: Home, _environ: Mapping[str, str]) -> None:
    from laptop import dead_letters  # not above: the other commands need not wait for what it imports

    print(dead_letters.show(home, options.name, options.verbose))


def _replay(options: argparse.Namespace, home: Home, _environ: Mapping[str, str]) -> None:
    from laptop import dead_letters

    print(dead_letters.replay(home, options.service, options.number))


def _mesh_apply(options: argparse.Namespace, home: Home, _environ: Mapping[str, str]) -> None:
    print(mesh_changes.apply(home, options.file))


def _mesh_remove(options: argparse.Namespace, home: Home, _environ: Mapping[str, str]) -> None:
    print(mesh_changes.remove(home, options.name))
