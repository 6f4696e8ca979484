"""Reads what YAML holds into frozen dataclasses, strictly: every field that a type doesn't name is a problem."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from difflib import get_close_matches
from enum import Enum
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

from mesh.renderer.durations import Duration

Report = Callable[[str], None]
INVALID = object()  # in the place of what could not be read


def decode(kind: Any, value: Any, path: str, report: Report) -> Any:
    """The value as a `kind`; `INVALID`, or a part that is, after reporting each problem with the path to it."""
    origin = get_origin(kind)
    if origin in (types.UnionType, Union):
        return decode(_without_none(kind), value, path, report)
    if origin is tuple:
        return _sequence(get_args(kind)[0], value, path, report)
    if origin is Mapping:
        return _mapping(get_args(kind)[1], value, path, report)
    if is_dataclass(kind):
        return _object(cast("type[Any]", kind), value, path, report)
    return _scalar(kind, value, path, report)


def _without_none(kind: Any) -> Any:
    return next(part for part in get_args(kind) if part is not type(None))


def _sequence(kind: Any, value: Any, path: str, report: Report) -> Any:
    if not isinstance(value, list):
        report(f"{path} must be a list")
        return INVALID
    return tuple(decode(kind, part, f"{path}[{number}]", report) for number, part in enumerate(value))


def _mapping(kind: Any, value: Any, path: str, report: Report) -> Any:
    if not isinstance(value, dict):
        report(f"{path} must be a mapping")
        return INVALID
    return {str(key): decode(kind, part, f"{path}[{key}]", report) for key, part in value.items()}


def _object(kind: type[Any], value: Any, path: str, report: Report) -> Any:
    if not isinstance(value, dict):
        report(f"{path} must be a mapping")
        return INVALID
    known = {_spelt(field.name): field for field in fields(kind)}
    absent = [name for name in known if name not in value]
    meant = {
        name: get_close_matches(str(name), absent, n=1, cutoff=0.8) for name in value if name not in known
    }
    for name, guesses in meant.items():
        hint = "".join(f"; did you mean {guess}?" for guess in guesses)
        report(f"{path}.{name} is not supported by the renderer{hint}")
    missing = [name for name in absent if _is_required(known[name])]
    for name in missing:
        if [name] not in meant.values():  # one mistake is one line
            report(f"{path}.{name} is missing")
    hints = get_type_hints(kind)
    read = {
        field.name: decode(hints[field.name], value[name], f"{path}.{name}", report)
        for name, field in known.items()
        if name in value
    }
    return INVALID if missing else _checked(kind, read, path, report)


def _checked(kind: type[Any], read: Mapping[str, Any], path: str, report: Report) -> Any:
    if any(_is_wrong(part) for part in read.values()):
        return INVALID
    made = kind(**read)
    for error in getattr(made, "errors", tuple)():
        report(f"{path}: {error}")
    return made


def _is_wrong(part: Any) -> bool:
    if isinstance(part, tuple):
        return any(_is_wrong(inner) for inner in part)
    if isinstance(part, dict):
        return any(_is_wrong(inner) for inner in part.values())
    return part is INVALID


def _is_required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _spelt(name: str) -> str:
    """Python's `retry_on` as Kubernetes spells it: `retryOn`."""
    first, *others = name.rstrip("_").split("_")
    return first + "".join(other.capitalize() for other in others)


def _scalar(kind: Any, value: Any, path: str, report: Report) -> Any:
    if issubclass(kind, Enum):
        return _choice(kind, value, path, report)
    if kind is Duration:
        return _duration(value, path, report)
    wanted = (int, float) if kind is float else kind
    if not isinstance(value, wanted) or (isinstance(value, bool) and kind is not bool):
        report(f"{path} must be {_NAMES[kind]}, not {value!r}")
        return INVALID
    return kind(value)


def _choice(kind: type[Enum], value: Any, path: str, report: Report) -> Any:
    names = [choice.value for choice in kind]
    if value not in names:
        report(f"{path}: {value} is not supported by the renderer, only {', '.join(names)}")
        return INVALID
    return kind(value)


def _duration(value: Any, path: str, report: Report) -> Any:
    try:
        return Duration.parse(str(value))
    except ValueError as error:
        report(f"{path}: {error}")
        return INVALID


_NAMES = {str: "a string", int: "an integer", float: "a number", bool: "true or false"}
