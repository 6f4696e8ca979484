"""Configuration: one frozen dataclass per service, read from the environment once.

A field is read from the variable of its name in upper case, or from the file that NAME_FILE names (how
containers are handed secrets). A field without a default must be given; an empty variable counts as not given.
"""

import math
import os
import sys
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any, ClassVar, TypeVar, get_type_hints


class LogLevel(StrEnum):
    """From how serious on a log line is written."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class LogsExporter(StrEnum):
    """Where log lines go besides stdout."""

    NONE = "none"
    OTLP = "otlp"


@dataclass(frozen=True, kw_only=True)
class ServiceConfig:
    """What every service takes; see libs/chassis/README.md for meanings and defaults."""

    service: ClassVar[str]

    host: str = "127.0.0.1"
    admin_host: str = ""
    port: int = 8000
    admin_port: int = 9000
    log_level: LogLevel = LogLevel.INFO
    drain_seconds: float = 0.0
    stop_seconds: float = 10.0
    share_port: bool = False
    otel_exporter_otlp_endpoint: str = ""
    otel_logs_exporter: LogsExporter = LogsExporter.NONE


ConfigT = TypeVar("ConfigT", bound=ServiceConfig)
_HIGHEST_PORT = 65_535
_WORDS = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}


class ConfigError(ValueError):
    """A variable is missing or cannot be understood; the message has one line for each."""


def read(config: type[ConfigT], environ: Mapping[str, str]) -> ConfigT:
    """Reads `config` from `environ`. Raises ConfigError naming everything that is wrong at once."""
    types = get_type_hints(config)
    values: dict[str, Any] = {}
    problems: list[str] = []
    for field in fields(config):
        name = field.name.upper()
        try:
            text = _text(name, environ)
            if text is not None:
                values[field.name] = _parsed(name, text, types[field.name])
            elif _is_required(field):
                problems.append(f"{name} is missing")
        except (ValueError, OSError) as error:
            problems.append(f"{name}: {error}")
    if problems:
        raise ConfigError("\n".join(f"{config.service}: {problem}" for problem in problems))
    return config(**values)


def load(config: type[ConfigT]) -> ConfigT:
    """Reads `config` from the process's environment; prints what is wrong and exits with 2 where it can't."""
    try:
        return read(config, os.environ)
    except ConfigError as error:
        print(error, file=sys.stderr)
        sys.exit(2)


def _is_required(field: "Field[Any]") -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _text(name: str, environ: Mapping[str, str]) -> str | None:
    if file := environ.get(f"{name}_FILE"):
        return Path(file).read_text(encoding="utf-8").strip() or None
    return environ.get(name) or None


def _parsed(name: str, text: str, kind: Any) -> Any:
    if kind is bool:
        if text.lower() not in _WORDS:
            raise ValueError(f"{text!r} is neither true nor false")
        return _WORDS[text.lower()]
    if kind in (int, float):
        return _number(name, text, kind)
    if issubclass(kind, Enum):
        return _choice(text, kind)
    return kind(text)


def _number(name: str, text: str, kind: type[int] | type[float]) -> int | float:
    try:
        number = kind(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a{' whole' if kind is int else ''} number") from None
    if not (math.isfinite(number) and number >= 0):
        raise ValueError(f"{text!r} is not a number from 0 up")
    if name.endswith("PORT") and number > _HIGHEST_PORT:
        raise ValueError(f"{text!r} is not a port, 0 to {_HIGHEST_PORT}")
    return number


def _choice(text: str, kind: type[Enum]) -> Enum:
    for choice in kind:
        if choice.value == text:
            return choice
    raise ValueError(f"{text!r} is none of {', '.join(str(choice.value) for choice in kind)}")
