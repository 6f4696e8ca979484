"""Starting, restarting and stopping a stack that works."""

from __future__ import annotations

import json
import platform
import re
import socket
import subprocess

import psycopg
import pytest

from laptop.ports import Ports
from laptop.state_dir import StateDir
from laptop.status import require_running
from laptop.supervisor import ROOT
from laptop.tests.small_stack import SmallStack
from topology import SERVICES


def database_url(stack: SmallStack, role: str, database: str) -> str:
    secrets = stack.state_dir.secrets([])
    return f"postgresql://{role}:{secrets.databases[role]}@127.0.0.1:{Ports(stack.port).postgres}/{database}"


def test_up_prints_url_memory_and_duration(new_stack: SmallStack) -> None:
    output = new_stack.up()
    assert f"The stack is ready: http://127.0.0.1:{new_stack.port}\n" in output
    assert re.search(r"\d+ processes, \d+ MiB of memory \((PSS|RSS)\), ready in \d+\.\d s", output)


def test_the_stack_is_ready_when_up_returns(running_stack: SmallStack) -> None:
    assert running_stack.is_ready()


def test_up_changes_nothing_if_the_stack_runs(running_stack: SmallStack) -> None:
    before = {process.pid for process in running_stack.processes() if process.name() != "postgres"}
    output = running_stack.up()
    after = {process.pid for process in running_stack.processes() if process.name() != "postgres"}
    assert output == f"  The stack is already running: http://127.0.0.1:{running_stack.port}\n"
    assert after == before


def test_a_running_stack_does_not_move_to_another_port(running_stack: SmallStack) -> None:
    result = running_stack.run("up", "--port", str(running_stack.port + 1))
    assert result.returncode == 2
    assert f"already running at http://127.0.0.1:{running_stack.port}" in result.stderr


def test_up_starts_a_process_that_had_stopped(running_stack: SmallStack) -> None:
    _, supervisor = require_running(running_stack.state_dir)
    supervisor.stop(next(process for process in supervisor.processes() if process.name == "bank"))
    supervisor.close()
    assert "started bank, which had stopped" in running_stack.up()


@pytest.mark.skipif(platform.system() != "Linux", reason="only Linux has inotify")
def test_no_sidecar_starts_if_there_are_too_few_inotify_instances(new_stack: SmallStack) -> None:
    # A limit on open files has the same effect as a limit on inotify instances.
    few = ["/bin/sh", "-c", 'ulimit -n 64 && exec "$@"', "sh"]
    result = subprocess.run(
        [*few, *new_stack.command("up", "--mesh", "--port", str(new_stack.port))],
        cwd=ROOT, capture_output=True, text=True, timeout=90,
    )  # fmt: skip
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("Only ")
    assert "of the 89 inotify instances" in line
    assert new_stack.processes() == []
    assert new_stack.run("status").returncode == 3


def test_down_leaves_no_process(running_stack: SmallStack) -> None:
    assert "The stack is stopped: " in running_stack.run("down").stdout
    assert running_stack.processes() == []


def test_down_succeeds_if_the_stack_does_not_run(stopped_stack: SmallStack) -> None:
    result = stopped_stack.run("down")
    assert (result.returncode, result.stdout) == (0, "  The stack is not running.\n")


def test_data_survives_down(running_stack: SmallStack) -> None:
    with psycopg.connect(database_url(running_stack, "bank", "bank")) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS value")
    running_stack.run("down")
    running_stack.up()
    with psycopg.connect(database_url(running_stack, "bank", "bank")) as connection:
        assert connection.execute("SELECT value FROM kept").fetchone() == (7,)


def test_a_service_cannot_connect_to_the_database_of_another(running_stack: SmallStack) -> None:
    url = database_url(running_stack, "bank", "accounts")
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(url)


def test_endpoints_are_written_for_tools(running_stack: SmallStack) -> None:
    file = running_stack.state_dir.path / "endpoints.json"
    endpoints = json.loads(file.read_text())
    assert endpoints["gateway"] == f"http://127.0.0.1:{running_stack.port}"
    assert endpoints["databases"]["bank"] == database_url(running_stack, "bank", "bank")
    assert file.stat().st_mode & 0o777 == 0o600


def test_status_lists_every_process_as_ready(running_stack: SmallStack) -> None:
    rows = [line.split() for line in running_stack.run("status").stdout.splitlines()]
    ready = {row[0] for row in rows if len(row) > 5 and row[5] == "yes"}
    assert ready == {"gateway", "postgres", "nats", *(service.name for service in SERVICES)}


@pytest.mark.parametrize(
    "command", [["status"], ["restart", "catalog"], ["bank", "--down=1"], ["dead-letters"], ["replay"]]
)
def test_the_exit_code_is_3_if_the_stack_does_not_run(command: list[str], stopped_stack: SmallStack) -> None:
    result = stopped_stack.run(*command)
    assert result.returncode == 3
    assert result.stderr == "The stack is not running. Start it: make up\n"


@pytest.mark.parametrize("name", ["catalog", "postgres", "nats", "gateway"])
def test_restarting_a_process_leaves_the_others_running(name: str, running_stack: SmallStack) -> None:
    before = {other: running_stack.pid(other) for other in (name, "orders")}
    assert running_stack.run("restart", name).returncode == 0
    assert running_stack.pid(name) != before[name]
    assert running_stack.pid("orders") == before["orders"]


def test_the_old_process_keeps_running_if_the_new_one_does_not_start(running_stack: SmallStack) -> None:
    before = running_stack.pid("bank")
    (running_stack.state_dir.path / "bank.py").write_text("raise SystemExit('bank: BANK_API_KEY is missing')")
    result = running_stack.run("restart", "bank")
    assert result.returncode == 1
    assert result.stderr.startswith(
        "bank was not restarted and keeps running: the new process ended right after its start"
    )
    assert result.stderr.endswith("bank: BANK_API_KEY is missing\n")
    assert running_stack.pid("bank") == before


def test_the_standby_instance_is_gone_after_a_restart(running_stack: SmallStack) -> None:
    assert running_stack.run("restart", "catalog").returncode == 0
    assert [process.cmdline()[-1] for process in running_stack.processes()].count("catalog") == 1


def test_restarting_an_unknown_process_lists_the_names(running_stack: SmallStack) -> None:
    result = running_stack.run("restart", "cattle")
    assert result.returncode == 2
    assert result.stderr.startswith("There is no process cattle. Processes: accounts, bank, cart, catalog,")


def test_reset_asks_for_confirmation(running_stack: SmallStack) -> None:
    result = running_stack.run("reset")
    assert result.returncode == 2
    assert running_stack.is_ready()


def test_reset_deletes_everything(running_stack: SmallStack) -> None:
    data = running_stack.state_dir.postgres.resolve()
    assert running_stack.run("reset", "--yes").returncode == 0
    assert not running_stack.state_dir.path.exists()
    assert not data.exists()


def test_nothing_starts_if_a_port_is_taken(stopped_stack: SmallStack) -> None:
    with socket.create_server(("127.0.0.1", Ports(stopped_stack.port).gateway)):
        result = stopped_stack.run("up", "--port", str(stopped_stack.port))
    assert result.returncode == 2
    assert f"Port {stopped_stack.port} (for the gateway) is taken by process " in result.stderr
    assert stopped_stack.processes() == []


def test_a_second_stack_runs_beside_the_first(running_stack: SmallStack) -> None:
    other = SmallStack(running_stack.state_dir.path.with_name("other"))
    try:
        other.up()
        assert other.is_ready()
        assert running_stack.is_ready()
    finally:
        other.run("reset", "--yes")
    assert running_stack.is_ready()
    assert StateDir(other.state_dir.path).recorded_port() is None
