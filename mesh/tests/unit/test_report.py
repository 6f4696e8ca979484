from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from mesh.errors import MeshError
from mesh.platform import Platform
from mesh.renderer import report
from mesh.renderer.policies import FOLDER
from mesh.tests.stack import LABS, stack_platform

SHIPPING_LAB = next(lab for lab in LABS if lab.stem == "shipping-fails-30-percent")


@pytest.fixture(scope="module")
def platform() -> Platform:
    return stack_platform(Path("/market"))


def error(lines: Iterator[str]) -> str:
    """Return the message of the error that a report raises."""
    with pytest.raises(MeshError) as caught:
        list(lines)
    return str(caught.value)


def test_sidecars_are_listed_with_their_ports_and_calls(platform: Platform) -> None:
    lines = list(report.sidecars(platform))
    cart = platform.workload("cart")
    assert cart.inbound and cart.app
    assert len(lines) == 11
    assert [line.split() for line in lines if line.startswith("cart")] == [
        ["cart", f":{cart.inbound.port}", f":{cart.app.port}", "catalog", "(2s)"]
    ]


def test_the_configuration_of_one_sidecar_is_complete(platform: Platform) -> None:
    lines = list(report.configuration(platform, "cart"))
    files = [line.removeprefix("# cart/") for line in lines if line.startswith("# ")]
    documents = [yaml.safe_load(line) for line in lines if not line.startswith("# ")]
    assert files[:3] == ["envoy.yaml", "listeners.yaml", "clusters.yaml"]
    assert [document["node"]["id"] for document in documents if "node" in document] == ["cart"]


def test_an_unknown_sidecar_is_an_error_that_lists_the_sidecars(platform: Platform) -> None:
    message = error(report.configuration(platform, "moon"))
    assert message.startswith("there is no sidecar moon, only storefront, ")


def test_the_difference_shows_only_what_a_lab_changes(platform: Platform) -> None:
    lines = list(report.difference(platform, SHIPPING_LAB))
    assert [line for line in lines if line.startswith("+++")] == ["+++ orders/routes-shipping.yaml"]
    assert "grpc_status: 14" in "\n".join(lines)
    assert len(lines) < 20


def test_the_difference_of_a_policy_in_use_is_empty(platform: Platform) -> None:
    assert list(report.difference(platform, FOLDER / "cart-traffic.yaml")) == ["no changes"]


def test_the_difference_of_an_invalid_file_is_a_one_line_error(platform: Platform, tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text("kind: Gateway\n")
    message = error(report.difference(platform, file))
    assert message == f"{file}: Gateway without an apiVersion is not supported by the renderer"


def test_the_difference_of_a_missing_file_is_a_one_line_error(platform: Platform, tmp_path: Path) -> None:
    assert error(report.difference(platform, tmp_path / "x.yaml")) == f"{tmp_path}/x.yaml: no such file"


def test_the_matrix_has_a_line_for_each_caller_and_callee(platform: Platform) -> None:
    lines = [line.split() for line in report.matrix(platform)]
    assert ["cart", "catalog", "CatalogService/BatchGetProducts"] in lines
    assert not [line for line in lines if line[0] == "shipping"]
