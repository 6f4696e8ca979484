"""JSON bodies and query parameters of HTTP requests, checked."""

from typing import TypeVar

import flask
from werkzeug.exceptions import BadRequest

from chassis.errors import Invalid

T = TypeVar("T", str, int, float, bool)
_MAX_INTEGER = 2**63 - 1


class Body:
    """The current request's body: a JSON object with these fields and no others.

    Raises Invalid (JSON_INVALID, FIELD_UNKNOWN). Messages never repeat a value, because it may be a password.
    """

    def __init__(self, *names: str) -> None:
        self._names = names
        self._fields = _json_object()
        for name in sorted(self._fields.keys() - set(names)):
            known = ", ".join(names)
            raise Invalid("FIELD_UNKNOWN", f"There is no field {ascii(name)[:40]}; there are: {known}.")

    def texts(self) -> list[str]:
        """Return all fields, each a string, in the order of the names. Raises as `text` does."""
        return [self.text(name) for name in self._names]

    def text(self, name: str) -> str:
        """Return a string. Raises Invalid (FIELD_MISSING, FIELD_INVALID)."""
        return self._field(name, str, "a string")

    def number(self, name: str) -> int:
        """Return a whole number. Raises as `text` does."""
        return self._field(name, int, "a whole number")

    def decimal(self, name: str, default: float) -> float:
        """Return a number, also NaN or infinite; the default if it is missing. Raises as `text` does."""
        if type(self._fields.get(name)) is int:
            return self.number(name)
        return self._field(name, float, "a number") if name in self._fields else default

    def flag(self, name: str, default: bool) -> bool:
        """Return True or False; the default if it is missing. Raises as `text` does."""
        return self._field(name, bool, "true or false") if name in self._fields else default

    def _field(self, name: str, kind: type[T], description: str) -> T:
        if name not in self._fields:
            raise Invalid("FIELD_MISSING", f"The field {name} is missing.", {"field": name})
        value = self._fields[name]
        if type(value) is not kind:  # not isinstance(): in Python, true is an integer too
            raise Invalid("FIELD_INVALID", f"The field {name} must be {description}.", {"field": name})
        return value


def no_body() -> None:
    """Raise Invalid if the current request's body holds more than an empty object."""
    if flask.request.get_data():
        Body()


def number_in_query(name: str) -> int:
    """Return a number from the query string; 0 if it is missing. Raises Invalid (FIELD_INVALID)."""
    text = flask.request.args.get(name, "0")
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and int(text) <= _MAX_INTEGER):
        raise Invalid("FIELD_INVALID", f"{name} must be a whole number from 0.", {"field": name})
    return int(text)


def _json_object() -> dict[str, object]:
    try:
        body = flask.request.get_json()
    except (BadRequest, RecursionError):
        raise Invalid("JSON_INVALID", "The body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise Invalid("JSON_INVALID", "The body is not a JSON object.")
    return body
