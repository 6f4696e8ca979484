"""The command line of `python -m laptop`."""

from __future__ import annotations

import argparse
import signal
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from laptop import LaptopError, lifecycle, logs, operations
from laptop.restart import restart
from laptop.state_dir import StateDir
from laptop.status import require_running, status_table
from laptop.terminal import Progress

INTERRUPTED = 130  # the exit code that shells report for Ctrl-C
_DEFAULT_STATE_DIR = Path(__file__).resolve().parent.parent / ".market"


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run one command and return its exit code: 0, that of a `LaptopError`, or 130 after an interruption."""
    options = _parser(environ).parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)

    def command() -> int:
        options.run(options, StateDir(options.dir.resolve()), environ)
        return 0

    return exit_code_of(command, options.command, options.verbose)


def exit_code_of(command: Callable[[], int], name: str, verbose: bool) -> int:
    """Run the implementation of `make NAME` and return its exit code. Errors are printed without a traceback."""
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
    except Exception as error:  # a traceback is shown only if the user asks for it
        if verbose:
            traceback.print_exc()
        else:
            print(f"Unexpected {type(error).__name__}: {error}", file=sys.stderr)
            print(f"For the traceback: make {name} V=1", file=sys.stderr)
        return 1


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def common_options(environ: Mapping[str, str]) -> argparse.ArgumentParser:
    """Return the options that every command has."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--dir",
        type=Path,
        default=Path(environ.get("MARKET_DIR") or _DEFAULT_STATE_DIR),
        help="the state directory; default: $MARKET_DIR, or .market in the checkout",
    )
    common.add_argument(
        "--verbose",
        action="store_true",
        default=bool(environ.get("V")),
        help="show more, for example tracebacks of unexpected errors; default: on if $V is set",
    )
    return common


def _parser(environ: Mapping[str, str]) -> argparse.ArgumentParser:
    common = common_options(environ)
    parser = argparse.ArgumentParser(prog="python -m laptop", description="Run the stack on this machine.")
    commands = parser.add_subparsers(dest="command", required=True)

    def add(name: str, run: Callable[..., None], text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, parents=[common], help=text, description=text)
        command.set_defaults(run=run)
        return command

    up = add("up", _up, "start the stack")
    up.add_argument(
        "--port", default="8080", help="the gateway's port; the 99 ports above it are reserved too"
    )
    up.add_argument("--mesh", action="store_true", help="run a sidecar beside each service")
    add("down", _down, "stop the stack and keep its data")
    add("status", _status, "show processes, ports, readiness and memory")
    show = add("logs", _logs, "show the logs")
    show.add_argument("name", nargs="?", help="show the log of this process only")
    show.add_argument("-f", "--follow", action="store_true", help="continue with new lines")
    add("restart", _restart, "restart one process").add_argument("name")
    reset = add("reset", _reset, "stop the stack and delete its data")
    reset.add_argument("--yes", action="store_true", help="do not ask for confirmation")
    bank = add("bank", _bank, "inject bank faults; without options, clear them")
    bank.add_argument("--down", default="", metavar="1", help="reject every call")
    bank.add_argument("--slow", default="", metavar="SECONDS", help="delay every answer")
    bank.add_argument("--flaky", default="", metavar="SHARE", help="fail this share of the calls, 0 to 1")
    dead = add("dead-letters", _dead_letters, "show events that a service could not handle")
    dead.add_argument("name", nargs="?", default="", help="show those of this service only")
    replay = add("replay", _replay, "send dead letters back to their services")
    replay.add_argument("--service", default="", help="send back those of this service only")
    replay.add_argument("--number", default="", help="send back this one only")
    rendered = add("mesh-render", _mesh_render, "show the sidecars' configuration")
    rendered.add_argument("--sidecar", default="", help="show the complete configuration of this one")
    difference = add("mesh-diff", _mesh_diff, "show what applying a file would change")
    difference.add_argument("file", type=Path)
    matrix = add("mesh-matrix", _mesh_matrix, "show which calls the policies allow")
    for shown in (rendered, difference, matrix):
        shown.add_argument(
            "--port", default="8080", help="the gateway's port; the sidecars' ports follow from it"
        )
    add("mesh-apply", _mesh_apply, "apply a file to the mesh's policies").add_argument("file", type=Path)
    remove = add("mesh-remove", _mesh_remove, "remove applied files from the mesh's policies")
    remove.add_argument("name", nargs="?", default="", help="remove this file only")
    return parser


def _port(options: argparse.Namespace) -> int:
    if not options.port.isdecimal():
        raise LaptopError(f"PORT must be a number, not {options.port!r}", exit_code=2)
    return int(options.port)


def _up(options: argparse.Namespace, state_dir: StateDir, environ: Mapping[str, str]) -> None:
    lifecycle.up(state_dir, _port(options), options.mesh, environ, Progress(sys.stdout))


def _down(_options: argparse.Namespace, state_dir: StateDir, _environ: Mapping[str, str]) -> None:
    lifecycle.down(state_dir, Progress(sys.stdout))


def _status(_options: argparse.Namespace, state_dir: StateDir, _environ: Mapping[str, str]) -> None:
    print(status_table(*require_running(state_dir)))


def _logs(options: argparse.Namespace, state_dir: StateDir, _environ: Mapping[str, str]) -> None:
    logs.show(state_dir, options.name, options.follow, lambda line: print(line, flush=options.follow))


def _restart(options: argparse.Namespace, state_dir: StateDir, environ: Mapping[str, str]) -> None:
    restart(state_dir, options.name, environ, Progress(sys.stdout))


def _reset(options: argparse.Namespace, state_dir: StateDir, _environ: Mapping[str, str]) -> None:
    if not options.yes and state_dir.path.exists():
        question = f"Delete all orders, accounts and other data in {state_dir.path}? [y/N] "
        if not sys.stdin.isatty() or input(question).strip().lower() not in ("y", "yes"):
            raise LaptopError(
                "Nothing was deleted. To delete without confirmation: make reset YES=1", exit_code=2
            )
    lifecycle.reset(state_dir, Progress(sys.stdout))


def _bank(options: argparse.Namespace, state_dir: StateDir, _environ: Mapping[str, str]) -> None:
    print(operations.bank(state_dir, options.down, options.slow, options.flaky))


def _dead_letters(options: argparse.Namespace, state_dir: StateDir, _environ: Mapping[str, str]) -> None:
    print(operations.dead_letters(state_dir, options.name, options.verbose))


def _replay(options: argparse.Namespace, state_dir: StateDir, _environ: Mapping[str, str]) -> None:
    print(operations.replay(state_dir, options.service, options.number))


def _mesh_render(options: argparse.Namespace, _state_dir: StateDir, _environ: Mapping[str, str]) -> None:
    operations.mesh_show(_port(options), options.sidecar, options.verbose)


def _mesh_diff(options: argparse.Namespace, _state_dir: StateDir, _environ: Mapping[str, str]) -> None:
    operations.mesh_diff(_port(options), options.file)


def _mesh_matrix(options: argparse.Namespace, _state_dir: StateDir, _environ: Mapping[str, str]) -> None:
    operations.mesh_matrix(_port(options))


def _mesh_apply(options: argparse.Namespace, state_dir: StateDir, _environ: Mapping[str, str]) -> None:
    print(operations.mesh_apply(state_dir, options.file))


def _mesh_remove(options: argparse.Namespace, state_dir: StateDir, _environ: Mapping[str, str]) -> None:
    print(operations.mesh_remove(state_dir, options.name))
