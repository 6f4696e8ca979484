"""Request bodies: JSON objects of named texts, and nothing else."""

import flask
from werkzeug.exceptions import BadRequest

from chassis.errors import Invalid


def texts(*names: str) -> list[str]:
    """The fields of the current request's body, in the order of `names`.

    Raises Invalid (JSON_INVALID, FIELD_UNKNOWN, FIELD_MISSING, FIELD_INVALID) for anything but an object of
    exactly these fields, each a string. Messages never repeat a value: it may be a password.
    """
    body = _object()
    for name in sorted(body.keys() - set(names)):
        raise Invalid(
            "FIELD_UNKNOWN", f"There is no field {ascii(name)[:40]}; there are: {', '.join(names)}."
        )
    return [_text(body, name) for name in names]


def _text(body: dict[str, object], name: str) -> str:
    if name not in body:
        raise Invalid("FIELD_MISSING", f"The field {name} is missing.", {"field": name})
    value = body[name]
    if not isinstance(value, str):
        raise Invalid("FIELD_INVALID", f"The field {name} must be a string.", {"field": name})
    return value


def _object() -> dict[str, object]:
    try:
        body = flask.request.get_json()
    except (BadRequest, RecursionError):
        raise Invalid("JSON_INVALID", "The body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise Invalid("JSON_INVALID", "The body is not a JSON object.")
    return body
