"""The generated supervisord.conf, parsed by supervisord itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from supervisor.options import ProcessConfig, ServerOptions

from laptop.stack import Stack
from laptop.supervisor import ProcessSpec, configuration


@pytest.fixture
def spec(tmp_path: Path) -> ProcessSpec:
    return ProcessSpec(
        name="shop", group="services", folder=tmp_path / "100% full",
        command=("/opt/my market/100%/python", "-m", "it's a shop"),
        environment={"URL": "nats://market:a%20b@127.0.0.1:1", "PLACE": "/a b/it's 100%"},
    )  # fmt: skip


def parsed(stack: Stack, spec: ProcessSpec, monkeypatch: pytest.MonkeyPatch) -> ProcessConfig:
    """Return the process as supervisord reads it."""
    path = stack.state_dir.supervisor_configuration
    path.write_text(configuration(stack, [spec]))
    monkeypatch.chdir(stack.state_dir.path)
    options = ServerOptions()
    options.realize(["-c", str(path)])
    return options.process_group_configs[0].process_configs[0]


def test_a_command_may_contain_spaces_quotes_and_percent_signs(
    stack: Stack, spec: ProcessSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = parsed(stack, spec, monkeypatch).command
    assert command == "'/opt/my market/100%/python' -m 'it'\"'\"'s a shop'"


def test_an_environment_may_contain_spaces_quotes_and_percent_signs(
    stack: Stack, spec: ProcessSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert parsed(stack, spec, monkeypatch).environment == spec.environment


def test_a_folder_may_contain_spaces_and_percent_signs(
    stack: Stack, spec: ProcessSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert parsed(stack, spec, monkeypatch).directory == str(spec.folder)


def test_the_log_is_in_the_state_directory(
    stack: Stack, spec: ProcessSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = parsed(stack, spec, monkeypatch).stdout_logfile
    assert (stack.state_dir.path / log).resolve() == stack.state_dir.logs / "shop.log"


def test_groups_start_in_order_of_priority(stack: Stack, tmp_path: Path) -> None:
    specs = [ProcessSpec(group, group, ("x",), tmp_path) for group in ("gateway", "servers", "services")]
    lines = configuration(stack, specs).splitlines()
    groups = [line for line in lines if line.startswith(("[group", "priority"))]
    assert groups[::2] == ["[group:servers]", "[group:services]", "[group:gateway]"]
    assert groups[1::2] == ["priority = 1", "priority = 3", "priority = 4"]
