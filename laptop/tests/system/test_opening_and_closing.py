"""Opening and closing the market, in good times."""

from __future__ import annotations

import platform
import re
import socket
import subprocess

import psycopg
import pytest

from laptop import closing
from laptop.home import Home
from laptop.ports import Ports
from laptop.programs import ROOT
from laptop.tests.small_market import SmallMarket
from topology import SERVICES


def database_url(market: SmallMarket, role: str, database: str) -> str:
    secrets = market.home.secrets([])
    return f"postgresql://{role}:{secrets.databases[role]}@127.0.0.1:{Ports(market.port).postgres}/{database}"


def test_it_tells_its_address_its_memory_and_the_time_it_took(new_market: SmallMarket) -> None:
    told = new_market.up()
    assert f"The market is open: http://127.0.0.1:{new_market.port}\n" in told
    assert re.search(r"\d+ processes, \d+ MiB of memory \((PSS|RSS)\), ready in \d+\.\d s", told)


def test_it_can_sell_once_it_says_so(open_market: SmallMarket) -> None:
    assert open_market.answers()


def test_opening_an_open_market_changes_nothing(open_market: SmallMarket) -> None:
    before = {process.pid for process in open_market.processes() if process.name() != "postgres"}
    told = open_market.up()
    after = {process.pid for process in open_market.processes() if process.name() != "postgres"}
    assert told == f"  The market is open already: http://127.0.0.1:{open_market.port}\n"
    assert after == before


def test_an_open_market_does_not_move_to_another_port(open_market: SmallMarket) -> None:
    result = open_market.run("up", "--port", str(open_market.port + 1))
    assert result.returncode == 2
    assert f"already open at http://127.0.0.1:{open_market.port}" in result.stderr


def test_a_program_that_was_stopped_is_started_by_opening_again(open_market: SmallMarket) -> None:
    _, control = closing.required(open_market.home)
    control.stop(next(process for process in control.processes() if process.name == "bank"))
    control.close()
    assert "bank did not run; started it" in open_market.up()


@pytest.mark.skipif(platform.system() != "Linux", reason="only Linux has inotify")
def test_with_too_few_inotify_instances_no_sidecar_is_started(new_market: SmallMarket) -> None:
    # Few open files stand for few instances: the system refuses both alike.
    few = ["/bin/sh", "-c", 'ulimit -n 64 && exec "$@"', "sh"]
    result = subprocess.run(
        [*few, *new_market.command("up", "--mesh", "--port", str(new_market.port))],
        cwd=ROOT, capture_output=True, text=True, timeout=90,
    )  # fmt: skip
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("Only ")
    assert "of the 89 inotify instances" in line
    assert new_market.processes() == []
    assert new_market.run("status").returncode == 3


def test_closing_leaves_no_process(open_market: SmallMarket) -> None:
    assert "The market is closed: " in open_market.run("down").stdout
    assert open_market.processes() == []


def test_closing_a_closed_market_is_fine(closed_market: SmallMarket) -> None:
    result = closed_market.run("down")
    assert (result.returncode, result.stdout) == (0, "  The market is closed already.\n")


def test_data_outlives_closing(open_market: SmallMarket) -> None:
    with psycopg.connect(database_url(open_market, "bank", "bank")) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS value")
    open_market.run("down")
    open_market.up()
    with psycopg.connect(database_url(open_market, "bank", "bank")) as connection:
        assert connection.execute("SELECT value FROM kept").fetchone() == (7,)


def test_no_service_may_enter_the_database_of_another(open_market: SmallMarket) -> None:
    url = database_url(open_market, "bank", "accounts")
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(url)


def test_status_lists_every_program_and_that_it_is_ready(open_market: SmallMarket) -> None:
    rows = [line.split() for line in open_market.run("status").stdout.splitlines()]
    ready = {row[0] for row in rows if len(row) > 5 and row[5] == "yes"}
    assert ready == {"gateway", "postgres", "nats", *(service.name for service in SERVICES)}


@pytest.mark.parametrize(
    "command", [["status"], ["restart", "catalog"], ["bank", "--down=1"], ["dead-letters"], ["replay"]]
)
def test_a_closed_market_is_told_by_exit_code_3(command: list[str], closed_market: SmallMarket) -> None:
    result = closed_market.run(*command)
    assert result.returncode == 3
    assert result.stderr == "The market is closed. Open it: make up\n"


@pytest.mark.parametrize("name", ["catalog", "postgres", "nats", "gateway"])
def test_restarting_one_program_leaves_the_others_alone(name: str, open_market: SmallMarket) -> None:
    before = {other: open_market.pid(other) for other in (name, "orders")}
    assert open_market.run("restart", name).returncode == 0
    assert open_market.pid(name) != before[name]
    assert open_market.pid("orders") == before["orders"]


def test_new_code_that_does_not_start_is_told_and_what_ran_goes_on(open_market: SmallMarket) -> None:
    before = open_market.pid("bank")
    (open_market.home.path / "bank.py").write_text("raise SystemExit('bank: BANK_API_KEY is missing')")
    result = open_market.run("restart", "bank")
    assert result.returncode == 1
    assert result.stderr.startswith(
        "bank was not restarted, what ran goes on: it ended right after its start"
    )
    assert result.stderr.endswith("bank: BANK_API_KEY is missing\n")
    assert open_market.pid("bank") == before


def test_a_relief_is_gone_when_the_program_is_back(open_market: SmallMarket) -> None:
    assert open_market.run("restart", "catalog").returncode == 0
    assert [process.cmdline()[-1] for process in open_market.processes()].count("catalog") == 1


def test_restarting_what_there_is_not_is_answered_with_the_names(open_market: SmallMarket) -> None:
    result = open_market.run("restart", "cattle")
    assert result.returncode == 2
    assert result.stderr.startswith("There is no cattle. There are: accounts, bank, cart, catalog,")


def test_deleting_asks_first(open_market: SmallMarket) -> None:
    result = open_market.run("reset")
    assert result.returncode == 2
    assert open_market.answers()


def test_deleting_leaves_nothing(open_market: SmallMarket) -> None:
    data = open_market.home.postgres.resolve()
    assert open_market.run("reset", "--yes").returncode == 0
    assert not open_market.home.path.exists()
    assert not data.exists()


def test_a_taken_port_is_told_and_nothing_is_started(closed_market: SmallMarket) -> None:
    with socket.create_server(("127.0.0.1", Ports(closed_market.port).gateway)):
        result = closed_market.run("up", "--port", str(closed_market.port))
    assert result.returncode == 2
    assert f"Port {closed_market.port} (for the gateway) is taken by process " in result.stderr
    assert closed_market.processes() == []


def test_a_second_market_runs_beside_the_first(open_market: SmallMarket) -> None:
    other = SmallMarket(open_market.home.path.with_name("other"))
    try:
        other.up()
        assert other.answers()
        assert open_market.answers()
    finally:
        other.run("reset", "--yes")
    assert open_market.answers()
    assert Home(other.home.path).recorded_port() is None
