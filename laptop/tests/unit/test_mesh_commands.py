from __future__ import annotations

from pathlib import Path

import pytest

from laptop.cli import main


def test_mesh_render_lists_sidecars_with_ports_that_follow_from_the_gateway_s(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["mesh-render", "--port", "9000"], {}) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines if line.startswith("cart")] == [
        ["cart", ":9064", ":9014", "catalog", "(2s)"]
    ]


def test_mesh_matrix_lists_the_allowed_calls(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mesh-matrix"], {}) == 0
    assert "CatalogService/BatchGetProducts" in capsys.readouterr().out


def test_mesh_diff_of_an_invalid_file_is_a_one_line_error(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["mesh-diff", str(tmp_path / "x.yaml")], {}) == 2
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", f"{tmp_path}/x.yaml: no such file\n")
