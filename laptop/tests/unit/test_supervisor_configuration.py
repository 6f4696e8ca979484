"""The configuration that supervisord is given, as supervisord itself understands it."""

from __future__ import annotations

from pathlib import Path

import pytest
from supervisor.options import ProcessConfig, ServerOptions

from laptop.environment import Market
from laptop.programs import Program
from laptop.supervisor import configuration


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(
        name="stall", group="services", folder=tmp_path / "100% full",
        command=("/opt/my market/100%/python", "-m", "it's a stall"),
        environment={"URL": "nats://market:a%20b@127.0.0.1:1", "PLACE": "/a b/it's 100%"},
    )  # fmt: skip


def understood(market: Market, program: Program, monkeypatch: pytest.MonkeyPatch) -> ProcessConfig:
    """Our program as supervisord reads it."""
    path = market.home.supervisor_configuration
    path.write_text(configuration(market, [program]))
    monkeypatch.chdir(market.home.path)
    options = ServerOptions()
    options.realize(["-c", str(path)])
    return options.process_group_configs[0].process_configs[0]


def test_a_command_with_spaces_quotes_and_per_cents_arrives(
    market: Market, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = understood(market, program, monkeypatch).command
    assert command == "'/opt/my market/100%/python' -m 'it'\"'\"'s a stall'"


def test_an_environment_with_spaces_quotes_and_per_cents_arrives(
    market: Market, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert understood(market, program, monkeypatch).environment == program.environment


def test_a_folder_with_spaces_and_per_cents_arrives(
    market: Market, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert understood(market, program, monkeypatch).directory == str(program.folder)


def test_the_log_is_kept_in_the_markets_folder(
    market: Market, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = understood(market, program, monkeypatch).stdout_logfile
    assert (market.home.path / log).resolve() == market.home.logs / "stall.log"


def test_groups_stop_in_the_opposite_order_of_their_start(market: Market, tmp_path: Path) -> None:
    programs = [Program(group, group, ("x",), tmp_path) for group in ("gateway", "servers", "services")]
    lines = configuration(market, programs).splitlines()
    groups = [line for line in lines if line.startswith(("[group", "priority"))]
    assert groups[::2] == ["[group:servers]", "[group:services]", "[group:gateway]"]
    assert groups[1::2] == ["priority = 1", "priority = 3", "priority = 4"]
