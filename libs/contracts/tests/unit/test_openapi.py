"""The OpenAPI document matches the .proto files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from google.api import annotations_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from openapi_spec_validator import validate

CONTRACTS = Path(__file__).resolve().parents[2]
VERBS = ("get", "put", "post", "delete")


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The committed document."""
    found: dict[str, Any] = json.loads((CONTRACTS / "openapi.json").read_text())
    return found


@pytest.fixture(scope="module")
def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The operations by operationId."""
    return {
        operation["operationId"]: operation
        for path in document["paths"].values()
        for operation in path.values()
    }


def annotated_methods() -> set[str]:
    descriptors = (CONTRACTS / "src" / "nightmarket" / "descriptors.pb").read_bytes()
    return {
        method.name
        for file in FileDescriptorSet.FromString(descriptors).file
        for service in file.service
        for method in service.method
        if method.options.HasExtension(annotations_pb2.http)
    }


def test_the_document_is_valid_openapi(document: dict[str, Any]) -> None:
    validate(document)


def test_every_annotated_method_is_an_operation(operations: dict[str, dict[str, Any]]) -> None:
    assert annotated_methods() <= operations.keys()


def test_operations_of_an_account_need_a_token(operations: dict[str, dict[str, Any]]) -> None:
    protected = {name for name, operation in operations.items() if "security" in operation}
    assert protected == {
        "GetCart", "AddItem", "SetItem", "RemoveItem", "PlaceOrder", "GetOrder", "ListOrders", "CancelOrder",
    }  # fmt: skip


def test_an_order_needs_an_idempotency_key(operations: dict[str, dict[str, Any]]) -> None:
    assert operations["PlaceOrder"]["parameters"] == [{"$ref": "#/components/parameters/IdempotencyKey"}]


def test_the_reasons_of_a_comment_are_in_the_description_of_their_status(
    operations: dict[str, dict[str, Any]],
) -> None:
    responses = operations["PlaceOrder"]["responses"]
    assert "IDEMPOTENCY_KEY_REUSED" in responses["409"]["description"]
    assert "CARD_DECLINED" in responses["400"]["description"]


def test_a_method_with_the_errors_of_another_has_their_reasons(operations: dict[str, dict[str, Any]]) -> None:
    assert "PRODUCT_NOT_FOUND" in operations["SetItem"]["responses"]["404"]["description"]


def test_a_path_parameter_is_not_in_the_body(document: dict[str, Any]) -> None:
    assert document["components"]["schemas"]["SetItemRequest"]["properties"].keys() == {"quantity"}


def test_the_schemas_have_the_limits(operations: dict[str, dict[str, Any]]) -> None:
    size = next(p for p in operations["ListProducts"]["parameters"] if p["name"] == "pageSize")
    assert (size["schema"]["minimum"], size["schema"]["maximum"]) == (0, 100)


def test_a_request_schema_allows_no_unknown_field(document: dict[str, Any]) -> None:
    requests = {
        name: schema for name, schema in document["components"]["schemas"].items() if "Request" in name
    }
    assert len(requests) >= 5
    assert [name for name, schema in requests.items() if schema["additionalProperties"] is not False] == []


def test_an_image_is_an_svg(operations: dict[str, dict[str, Any]]) -> None:
    assert operations["GetProductImage"]["responses"]["200"]["content"].keys() == {"image/svg+xml"}
