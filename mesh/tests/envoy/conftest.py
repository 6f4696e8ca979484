from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from laptop.ephemeral import temporary_folder
from mesh.tests.small_mesh import SmallMesh, running_mesh, small_platform


@pytest.fixture(scope="module")
def mesh() -> Iterator[SmallMesh]:
    """Run one small mesh for the tests of a file."""
    with temporary_folder("market-mesh-") as folder, running_mesh(small_platform(folder), folder) as mesh:
        yield mesh


@pytest.fixture
def change(mesh: SmallMesh, tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """Return a function that applies resources, written as YAML, to the running mesh. Undoes them after the test."""

    def apply(text: str) -> None:
        file = tmp_path / "change.yaml"
        file.write_text(text)
        mesh.apply(file)

    yield apply
    mesh.apply()


@pytest.fixture
def routes(change: Callable[[str], None]) -> Callable[[str], None]:
    """Return a function that replaces the field `http` of the backend's VirtualService."""
    head = (
        "{apiVersion: networking.istio.io/v1, kind: VirtualService,"
        " metadata: {name: backend, namespace: night-market}, spec: {hosts: [backend], http: "
    )
    return lambda http: change(f"{head}{http}}}}}")
