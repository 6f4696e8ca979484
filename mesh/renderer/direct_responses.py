"""The response that a sidecar sends if its program does not answer: an error in the format of the services.

Envoy's own response would be plain text with status 503, or a gRPC status without a machine-readable reason.
"""

from __future__ import annotations

import base64

from mesh.platform import Workload
from mesh.renderer.documents import Document
from topology import Protocol

_REASON, _DOMAIN = "UPSTREAM_UNAVAILABLE", "night-market"
_TYPE = "type.googleapis.com/google.rpc.ErrorInfo"
_MESSAGE = "A service does not answer. Try again."
_UNAVAILABLE = 14  # of google.rpc.Code
_PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Night Market</title>
<style>
body{font:1.2rem/1.6 system-ui,sans-serif;max-width:34rem;margin:20vh auto;padding:0 1rem}
body{background:#141225;color:#f4efe6}a{color:#ffb84d}
</style>
<h1>The lanterns flicker</h1>
<p>The market can't show this page right now (503). Please try again in a moment.</p>
<p><a href="/">To the market</a></p>
</html>
"""


def local_replies(workload: Workload) -> Document:
    """Return the local replies of one sidecar's inbound listener."""
    if workload.protocol is Protocol.GRPC:
        details = base64.b64encode(_status(workload.service)).decode().rstrip("=")
        return {"mappers": [_mapper(_text(_MESSAGE), {"grpc-status-details-bin": details})]}
    accepts_html = {
        "header_filter": {"header": {"name": "accept", "string_match": {"contains": "text/html"}}}
    }
    page = {"content_type": "text/html; charset=utf-8", **_text(_PAGE)}
    return {
        "mappers": [_mapper(page, {}, accepts_html), _mapper({"json_format": _error(workload.service)}, {})]
    }


def _text(text: str) -> Document:
    return {"text_format_source": {"inline_string": text}}


def _mapper(body: Document, headers: dict[str, str], *filters: Document) -> Document:
    # Envoy requires a runtime_key; this one is never set.
    value = {"default_value": 503, "runtime_key": "mesh.replies"}
    unavailable: Document = {"status_code_filter": {"comparison": {"op": "EQ", "value": value}}}
    added = {"retry-after": "2"} | headers
    return {
        "filter": {"and_filter": {"filters": [unavailable, *filters]}} if filters else unavailable,
        "headers_to_add": [{"header": {"key": key, "value": value}} for key, value in added.items()],
        "body_format_override": body,
    }


def _error(service: str) -> Document:
    info = {"@type": _TYPE, "reason": _REASON, "domain": _DOMAIN, "metadata": {"service": service}}
    return {"code": _UNAVAILABLE, "message": _MESSAGE, "details": [info]}


def _status(service: str) -> bytes:
    """Return the same error as a serialized google.rpc.Status.

    It is encoded by hand because the agent's image contains no protobuf library.
    """
    metadata = _field(1, b"service") + _field(2, service.encode())
    info = _field(1, _REASON.encode()) + _field(2, _DOMAIN.encode()) + _field(3, metadata)
    details = _field(1, _TYPE.encode()) + _field(2, info)
    return bytes([1 << 3, _UNAVAILABLE]) + _field(2, _MESSAGE.encode()) + _field(3, details)


def _field(number: int, content: bytes) -> bytes:
    """Encode a field of a protobuf message: a string or a message shorter than 128 bytes."""
    return bytes([number << 3 | 2, len(content)]) + content
