"""One small mesh for the tests of a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from laptop.ephemeral import temporary_folder
from mesh.tests.small_mesh import SmallMesh, running_mesh, small_site


@pytest.fixture(scope="module")
def mesh() -> Iterator[SmallMesh]:
    with temporary_folder("market-mesh-") as folder, running_mesh(small_site(folder), folder) as mesh:
        yield mesh


@pytest.fixture
def change(mesh: SmallMesh, tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """Applies resources, written as YAML, to the running mesh; at the end all is as it was."""

    def apply(text: str) -> None:
        file = tmp_path / "change.yaml"
        file.write_text(text)
        mesh.apply(file)

    yield apply
    mesh.apply()


@pytest.fixture
def routes(change: Callable[[str], None]) -> Callable[[str], None]:
    """Replaces what the VirtualService for the shelf says under `http`."""
    head = (
        "{apiVersion: networking.istio.io/v1, kind: VirtualService,"
        " metadata: {name: shelf, namespace: night-market}, spec: {hosts: [shelf], http: "
    )
    return lambda http: change(f"{head}{http}}}}}")
