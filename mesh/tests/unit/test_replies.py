"""A sidecar that answers for its service says what the gateway says."""

from __future__ import annotations

from typing import Any

import yaml

from mesh.policies import ROOT
from mesh.render.replies import local_replies
from mesh.tests import cases


def of_the_gateway() -> list[dict[str, Any]]:
    """How the gateway's own answers are put."""
    (listener,) = yaml.safe_load((ROOT / "gateway" / "listener.yaml").read_text())["resources"]
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    found: list[dict[str, Any]] = manager["local_reply_config"]["mappers"]
    return [mapper.get("body_format_override", {}) for mapper in found]


def of_the_desk() -> list[dict[str, Any]]:
    """How those of a sidecar before an HTTP service are."""
    (desk,) = (one for one in cases.site().workloads if one.name == "desk")
    return [mapper["body_format_override"] for mapper in local_replies(desk)["mappers"]]


def test_browsers_get_the_same_page() -> None:
    page, _ = of_the_desk()
    (own,) = (body for body in of_the_gateway() if "html" in body.get("content_type", ""))
    text = own["text_format_source"]["inline_string"].replace("%RESPONSE_CODE%", "503")
    assert page == {**own, "text_format_source": {"inline_string": text}}


def test_programs_get_the_same_error() -> None:
    _, error = of_the_desk()
    reasons = [body.get("json_format", {}) for body in of_the_gateway()]
    own = [json for json in reasons if json.get("message") == error["json_format"]["message"]]
    (told,) = own
    assert {**told["details"][0], "metadata": {"service": "desk"}} == error["json_format"]["details"][0]
    assert told["code"] == error["json_format"]["code"]
