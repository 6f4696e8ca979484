"""The keeper of a mesh whose sidecars run already."""

from __future__ import annotations

import pytest

from mesh import keeper
from mesh.inotify import TooFewInstances
from mesh.tests.small_mesh import SmallMesh, small_site


def nothing_left(needed: int) -> None:
    """An account that has no more inotify instances."""
    raise TooFewInstances(str(needed))


def test_a_keeper_that_starts_again_asks_for_nothing_that_its_sidecars_have(
    mesh: SmallMesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "check_enough", nothing_left)
    keeper.check_room(mesh.site)
    with pytest.raises(TooFewInstances):
        keeper.check_room(small_site(mesh.folder))
