"""A sidecar that responds for its program uses the gateway's responses."""

from __future__ import annotations

from typing import Any

import yaml

from mesh.renderer.direct_responses import local_replies
from mesh.renderer.policies import ROOT
from mesh.tests import cases


def gateway_bodies() -> list[dict[str, Any]]:
    """Return the bodies of the gateway's local replies."""
    (listener,) = yaml.safe_load((ROOT / "gateway" / "listener.yaml").read_text())["resources"]
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    mappers: list[dict[str, Any]] = manager["local_reply_config"]["mappers"]
    return [mapper.get("body_format_override", {}) for mapper in mappers]


def sidecar_bodies() -> list[dict[str, Any]]:
    """Return the bodies of a sidecar's local replies for an HTTP service: a page, and an error as JSON."""
    replies = local_replies(cases.platform().workload("web"))
    return [mapper["body_format_override"] for mapper in replies["mappers"]]


def test_browsers_get_the_same_page() -> None:
    page, _ = sidecar_bodies()
    (expected,) = (body for body in gateway_bodies() if "html" in body.get("content_type", ""))
    text = expected["text_format_source"]["inline_string"].replace("%RESPONSE_CODE%", "503")
    assert page == {**expected, "text_format_source": {"inline_string": text}}


def test_programs_get_the_same_error() -> None:
    _, body = sidecar_bodies()
    error = body["json_format"]
    errors = [body.get("json_format", {}) for body in gateway_bodies()]
    (expected,) = [json for json in errors if json.get("message") == error["message"]]
    assert {**expected["details"][0], "metadata": {"service": "web"}} == error["details"][0]
    assert expected["code"] == error["code"]
