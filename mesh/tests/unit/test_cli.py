"""The commands behind `make mesh-render`, `make mesh-diff` and `make mesh-matrix`."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mesh.cli import main
from mesh.policies import FOLDER

LAB = FOLDER.parent / "labs" / "shipping-fails-30-percent.yaml"


def output(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command prints when it succeeds."""
    assert main(arguments) == 0
    return capsys.readouterr().out


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command says when it is asked nonsense."""
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    return printed.err


def test_render_is_a_line_for_each_sidecar(capsys: pytest.CaptureFixture[str]) -> None:
    lines = output(capsys, "--port", "9000", "render").splitlines()
    assert len(lines) == 11
    assert [line.split() for line in lines if line.startswith("cart")] == [
        ["cart", ":9064", ":9014", "catalog", "(2s)"]
    ]


def test_render_shows_all_that_one_sidecar_gets(capsys: pytest.CaptureFixture[str]) -> None:
    printed = output(capsys, "render", "--sidecar", "cart")
    files = [line.removeprefix("# cart/") for line in printed.splitlines() if line.startswith("# ")]
    assert files[:3] == ["envoy.yaml", "listeners.yaml", "clusters.yaml"]
    assert "orders" not in [
        document.get("node", {}).get("id") for document in yaml.safe_load_all(_split(printed))
    ]


def _split(printed: str) -> str:
    return "".join("---\n" if line.startswith("# ") else f"{line}\n" for line in printed.splitlines())


def test_render_names_the_sidecars_where_there_is_no_such_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert complaint(capsys, "render", "--sidecar", "moon").startswith(
        "there is no sidecar moon, only storefront, "
    )


def test_diff_shows_what_a_lab_changes_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    printed = output(capsys, "diff", str(LAB))
    assert [line for line in printed.splitlines() if line.startswith("+++")] == [
        "+++ orders/routes-shipping.yaml"
    ]
    assert "grpc_status: 14" in printed
    assert len(printed.splitlines()) < 20


def test_diff_of_what_holds_already_is_empty(capsys: pytest.CaptureFixture[str]) -> None:
    assert output(capsys, "diff", str(FOLDER / "cart-traffic.yaml")) == "nothing changes\n"


def test_diff_of_a_bad_file_is_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text("kind: Gateway\n")
    said = complaint(capsys, "diff", str(file))
    assert said == f"{file}: Gateway of no apiVersion is not supported by the renderer\n"


def test_diff_of_a_file_that_is_not_there_is_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert complaint(capsys, "diff", str(tmp_path / "x.yaml")).endswith("there is nothing to read\n")


def test_matrix_is_a_line_for_each_pair(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [line.split() for line in output(capsys, "matrix").splitlines()]
    assert ["cart", "catalog", "CatalogService/BatchGetProducts"] in lines
    assert not [line for line in lines if line[0] == "shipping"]
