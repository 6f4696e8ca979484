from __future__ import annotations

import pytest

from mesh.agent import __main__ as agent
from mesh.agent.inotify import TooFewInstances
from mesh.tests.small_mesh import SmallMesh, small_platform


def none_available(needed: int) -> None:
    """Stand in for `check_available` of an account without inotify instances."""
    raise TooFewInstances(str(needed))


def test_an_agent_that_restarts_needs_no_instances_for_sidecars_that_are_running(
    mesh: SmallMesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent, "check_available", none_available)
    agent.check_inotify(mesh.platform)
    with pytest.raises(TooFewInstances):
        agent.check_inotify(small_platform(mesh.folder))
