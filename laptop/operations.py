"""Commands beyond starting and stopping: bank faults, dead letters, and the mesh's policies."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from laptop import LaptopError, sidecars
from laptop.ports import HOST, Ports
from laptop.stack import Stack
from laptop.state_dir import StateDir
from laptop.status import require_running
from mesh.agent.changes import RunningMesh
from mesh.errors import MeshError
from mesh.platform import Platform
from mesh.renderer import report

_BANK_TIMEOUT = 10.0  # seconds
_SHOWN_FOLDER = Path(".market/run/mesh")  # only shown; the reports write no file
_DOWN = {"": False, "0": False, "1": True}


def bank(state_dir: StateDir, down: str, slow: str, flaky: str) -> str:
    """Replace the bank's faults and return a sentence about the faults that are active now.

    The arguments are the user's text: ``down`` is "1", ``slow`` a number of seconds, ``flaky`` a share from 0 to 1;
    "" means no such fault. Raises `LaptopError` if one is invalid, the stack does not run or the bank does not answer.
    """
    if down not in _DOWN:
        raise LaptopError(f"DOWN must be 1, not {down!r}", exit_code=2)
    faults = {
        "down": _DOWN[down],
        "delaySeconds": _number("SLOW", slow, "seconds, for example 2"),
        "errorShare": _number("FLAKY", flaky, "a share of the calls, for example 0.3"),
    }
    stack, _ = require_running(state_dir)
    return _description(put_bank_faults(stack, faults))


def put_bank_faults(stack: Stack, faults: Mapping[str, object]) -> dict[str, Any]:
    """Replace the bank's faults, in the form of the bank's README, and return the active ones. {} clears them.

    Raises `LaptopError` if the bank rejects them or does not answer.
    """
    connection = http.client.HTTPConnection(HOST, stack.ports.service("bank"), timeout=_BANK_TIMEOUT)
    headers = {
        "Authorization": f"Bearer {stack.secrets.bank_api_key}",
        "Content-Type": "application/json",
    }
    try:
        connection.request("PUT", "/v1/faults", json.dumps(faults), headers)
        response = connection.getresponse()
        status, answer = response.status, dict(json.loads(response.read()))
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise LaptopError(f"The bank does not answer ({error}). See: make status, make logs S=bank") from None
    finally:
        connection.close()
    if status >= 400:
        raise LaptopError(
            f"The bank rejects the request: {answer.get('message')}", exit_code=2 if status < 500 else 1
        )
    return answer


def _number(name: str, text: str, meaning: str) -> float:
    try:
        return float(text or 0)
    except ValueError:
        raise LaptopError(f"{name} must be a number ({meaning}), not {text!r}", exit_code=2) from None


def _description(faults: Mapping[str, Any]) -> str:
    if faults["down"]:
        active = ["down (it answers every call with 503)"]
    else:
        active = []
        if faults["delaySeconds"]:
            active.append(f"slow (it answers {faults['delaySeconds']:g} s late)")
        if faults["errorShare"]:
            active.append(f"flaky ({faults['errorShare'] * 100:g} % of its calls fail)")
    if not active:
        return "The bank has no faults."
    return f"The bank is {' and '.join(active)}. To clear the faults: make bank"


def dead_letters(state_dir: StateDir, service: str, verbose: bool) -> str:
    """Return a table of the dead letters of all services or of one; if ``verbose``, with the messages themselves.

    Raises `LaptopError` if the stack does not run, there is no such service, or NATS does not answer.
    """
    return _run_dead_letters(state_dir, service, "list", *(["--verbose"] if verbose else []))


def replay(state_dir: StateDir, service: str, number: str) -> str:
    """Replay the dead letters of all services, of one, or the one with this number, and return how many there were.

    Raises `LaptopError` as `dead_letters` does, and if there is no dead letter with this number.
    """
    if number and not number.isdecimal():
        raise LaptopError(f"N must be a number that `make dead-letters` shows, not {number!r}", exit_code=2)
    return _run_dead_letters(state_dir, service, "replay", *([f"--number={number}"] if number else []))


def _run_dead_letters(state_dir: StateDir, service: str, *arguments: str) -> str:
    # A program and not an import: tools may import laptop, so laptop must not import tools.
    stack, _ = require_running(state_dir)
    names = sorted(known.name for known in stack.services if known.nats)
    if service and service not in names:
        raise LaptopError(f"{service} consumes no events. Services: {', '.join(names)}", exit_code=2)
    command = [sys.executable, "-m", "tools.dead_letters", *arguments, f"--service={service}"]
    environment = {**os.environ, "NATS_URL": stack.nats.url}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        message = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no reason given"
        raise LaptopError(message.removeprefix("dead-letters: "), exit_code=done.returncode)
    return done.stdout.rstrip()


def mesh_apply(state_dir: StateDir, file: Path) -> str:
    """Apply the resources of a file to the policies, like `kubectl apply`, and return what changed.

    Raises `LaptopError`, with one line per problem, if the policies would be invalid or a sidecar rejects them; then
    nothing is changed.
    """
    with _running_mesh(state_dir) as mesh:
        return mesh.apply(file)


def mesh_remove(state_dir: StateDir, name: str) -> str:
    """Remove what was applied from the file of this name, or from all files if it is "", and return what changed.

    Raises `LaptopError` if nothing of that name was applied.
    """
    with _running_mesh(state_dir) as mesh:
        return mesh.remove(name)


@contextmanager
def _running_mesh(state_dir: StateDir) -> Iterator[RunningMesh]:
    with state_dir.locked():
        stack, _ = require_running(state_dir)
        if not stack.mesh:
            raise LaptopError(
                "The stack runs without sidecars. To add them: make down up MESH=1", exit_code=3
            )
        with sidecars.running_mesh(stack) as mesh:
            yield mesh


def mesh_show(port: int, sidecar: str, verbose: bool) -> None:
    """Print a line for each sidecar; or the configuration of one, or of all if ``verbose``.

    Raises `LaptopError`, with one line per problem, if the policies are invalid or there is no such sidecar.
    """
    platform = _platform(port)
    _print(report.configuration(platform, sidecar) if sidecar or verbose else report.sidecars(platform))


def mesh_diff(port: int, file: Path) -> None:
    """Print what applying the resources of a file would change.

    Raises `LaptopError`, with one line per problem, if the policies or the file are invalid.
    """
    _print(report.difference(_platform(port), file))


def mesh_matrix(port: int) -> None:
    """Print which calls the policies allow.

    Raises `LaptopError`, with one line per problem, if the policies are invalid.
    """
    _print(report.matrix(_platform(port)))


def _platform(port: int) -> Platform:
    return sidecars.laptop_platform(Ports(port), _SHOWN_FOLDER)


def _print(lines: Iterator[str]) -> None:
    try:
        for line in lines:
            print(line)
    except MeshError as error:
        raise LaptopError(str(error), exit_code=2) from None
