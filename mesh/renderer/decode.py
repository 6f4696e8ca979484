"""Decodes documents into models, strictly. Every problem becomes one line that starts with the path of the field.

A field that its model does not have is a problem too: to ignore it would be to ignore a part of a policy.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import CoreSchema, ErrorDetails, core_schema

NOT_SUPPORTED = "is not supported by the renderer"
_MAX_SHOWN = 40  # characters of a wrong value
Path = tuple[int | str, ...]
AnyModel = TypeVar("AnyModel", bound=BaseModel)


def _field_name(name: str) -> str:
    """Return the name of a field in documents: `retryOn` for `retry_on`."""
    first, *others = name.rstrip("_").split("_")
    return first + "".join(other.capitalize() for other in others)


class Model(BaseModel):
    """A part of a document. Fields have the same names as there, in Python's spelling."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, alias_generator=_field_name, validate_by_name=True
    )


_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_DURATION = re.compile(rf"(?:{_PART.pattern})+")


class Duration(float):
    """A number of seconds, written in documents as 2s, 100ms or 1m30s."""

    @classmethod
    def parse(cls, text: str) -> Duration:
        """Return the duration that a text names. Raises ValueError."""
        if not _DURATION.fullmatch(text):
            raise ValueError(f"{text} is not a duration such as 2s or 100ms")
        return cls(sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text)))

    @classmethod
    def __get_pydantic_core_schema__(cls, *_: object) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(lambda value: cls.parse(str(value)))

    def __str__(self) -> str:
        return f"{float(self):.9f}".rstrip("0").rstrip(".") + "s"


def decode(model: type[AnyModel], document: Any, report: Callable[[str], None]) -> AnyModel | None:
    """Return a document as a model. If it is invalid, report each problem as a line and return None."""
    # As JSON, because strict mode accepts lists for tuples and strings for enumerations only in JSON.
    try:
        text = json.dumps(document, default=str)
    except TypeError as error:  # YAML allows a date as a key, for example
        report(str(error))
        return None
    try:
        # By alias only, so that a field in Python's spelling is an unknown field.
        return model.model_validate_json(text, by_alias=True, by_name=False)
    except ValidationError as error:
        for line in _lines(model, json.loads(text), error.errors()):
            report(line)
        return None


def _lines(model: type[BaseModel], document: Any, errors: list[ErrorDetails]) -> list[str]:
    unknown = [error["loc"] for error in errors if error["type"] == "extra_forbidden"]
    guesses = {path: _guess(model, document, path) for path in unknown}
    # If a required field is misspelled, pydantic reports the unknown field and the missing one. That is one mistake.
    misspelled = {(*path[:-1], guess) for path, guess in guesses.items()}
    return [
        _line(error, guesses.get(error["loc"], ""))
        for error in errors
        if error["type"] != "missing" or error["loc"] not in misspelled
    ]


def _line(error: ErrorDetails, guess: str) -> str:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"]).lstrip(".")
    if error["type"] == "extra_forbidden":
        return f"{path} {NOT_SUPPORTED}" + (f"; did you mean {guess}?" if guess else "")
    if error["type"] == "missing":
        return f"{path} is missing"
    if error["type"] == "value_error":
        return f"{path}: {error['ctx']['error']}"
    value = repr(error["input"])
    shown = value if len(value) <= _MAX_SHOWN else f"{value[:_MAX_SHOWN]}..."
    return f"{path} {error['msg'].replace('Input should be', 'must be')}, not {shown}"


def _guess(model: type[BaseModel], document: Any, path: Path) -> str:
    """Return the field that an unknown field was probably meant to be, or "" if none is similar."""
    *parents, name = path
    for part in parents:
        document = document[part]
    absent = sorted(_fields(model, tuple(parents)) - document.keys())
    return "".join(get_close_matches(str(name), absent, n=1, cutoff=0.8))


def _fields(annotation: Any, path: Path) -> set[str]:
    """Return the names of the fields that the object at a path below `annotation` may have."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = {field.alias or name: field.annotation for name, field in annotation.model_fields.items()}
        return _fields(fields[str(path[0])], path[1:]) if path else set(fields)
    # `X | None`, `tuple[X, ...]` or `dict[str, X]`; the last two take a part of the path.
    (inner,) = set(get_args(annotation)) - {type(None), Ellipsis, str}
    return _fields(inner, path[1:] if get_origin(annotation) in (tuple, dict) else path)
