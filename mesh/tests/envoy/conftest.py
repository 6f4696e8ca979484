"""One small mesh for the tests of a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from laptop.throwaway import temporary_folder
from mesh.tests.small_mesh import SmallMesh, running_mesh


@pytest.fixture(scope="module")
def whole_mesh() -> Iterator[SmallMesh]:
    with temporary_folder("market-mesh-") as folder, running_mesh(folder) as mesh:
        yield mesh


@pytest.fixture
def mesh(whole_mesh: SmallMesh) -> Iterator[SmallMesh]:
    """The mesh; what a test changes of its policies is undone."""
    yield whole_mesh
    whole_mesh.apply()


@pytest.fixture
def change(mesh: SmallMesh, tmp_path: Path) -> Callable[[str], None]:
    """Applies resources, written as YAML, to the running mesh."""

    def apply(text: str) -> None:
        file = tmp_path / "change.yaml"
        file.write_text(text)
        mesh.apply(file)

    return apply


@pytest.fixture
def routes(change: Callable[[str], None]) -> Callable[[str], None]:
    """Replaces what the VirtualService for the shelf says under `http`."""
    head = (
        "{apiVersion: networking.istio.io/v1, kind: VirtualService,"
        " metadata: {name: shelf, namespace: night-market}, spec: {hosts: [shelf], http: "
    )
    return lambda http: change(f"{head}{http}}}}}")
