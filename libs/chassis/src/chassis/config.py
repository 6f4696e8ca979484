"""Configuration: one frozen dataclass per service, read from the environment once.

A field is read from the variable of its name in upper case, or from the file that NAME_FILE names, which is how
containers get secrets. A field without a default is required; an empty variable counts as missing.
"""

import math
import os
import sys
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any, ClassVar, TypeVar, get_type_hints


class LogLevel(StrEnum):
    """The least severe level of log lines that are written."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class LogsExporter(StrEnum):
    """Where log lines go in addition to stdout."""

    NONE = "none"
    OTLP = "otlp"


@dataclass(frozen=True, kw_only=True)
class ServiceConfig:
    """The variables of every service; libs/chassis/README.md explains them."""

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
_MAX_PORT = 65_535
_BOOLEANS = {word: True for word in ("1", "true", "yes", "on")} | {
    word: False for word in ("0", "false", "no", "off")
}


class ConfigError(ValueError):
    """Variables are missing or invalid; the message has one line for each."""


def read(config: type[ConfigT], environ: Mapping[str, str]) -> ConfigT:
    """Read `config` from `environ`. Raises ConfigError that names all invalid variables at once."""
    types = get_type_hints(config)
    values: dict[str, Any] = {}
    problems: list[str] = []
    for field in fields(config):
        name = field.name.upper()
        try:
            text = _text(name, environ)
            if text is not None:
                values[field.name] = _parse(name, text, types[field.name])
            elif field.default is MISSING and field.default_factory is MISSING:
                problems.append(f"{name} is missing")
        except (ValueError, OSError) as error:
            problems.append(f"{name}: {error}")
    if problems:
        raise ConfigError("\n".join(f"{config.service}: {problem}" for problem in problems))
    return config(**values)


def load(config: type[ConfigT]) -> ConfigT:
    """Read `config` from the process's environment. If it is invalid, print why and exit with 2."""
    try:
        return read(config, os.environ)
    except ConfigError as error:
        print(error, file=sys.stderr)
        sys.exit(2)


def _text(name: str, environ: Mapping[str, str]) -> str | None:
    if file := environ.get(f"{name}_FILE"):
        return Path(file).read_text(encoding="utf-8").strip() or None
    return environ.get(name) or None


def _parse(name: str, text: str, kind: Any) -> Any:
    if kind is bool:
        if text.lower() not in _BOOLEANS:
            raise ValueError(f"{text!r} is neither true nor false")
        return _BOOLEANS[text.lower()]
    if kind in (int, float):
        return _number(name, text, kind)
    if issubclass(kind, Enum):
        values = {str(member.value): member for member in kind}
        if text not in values:
            raise ValueError(f"{text!r} is none of {', '.join(values)}")
        return values[text]
    return kind(text)


def _number(name: str, text: str, kind: type[int] | type[float]) -> int | float:
    try:
        number = kind(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a{' whole' if kind is int else ''} number") from None
    if not (math.isfinite(number) and number >= 0):
        raise ValueError(f"{text!r} is not a number from 0 up")
    if name.endswith("PORT") and number > _MAX_PORT:
        raise ValueError(f"{text!r} is not a port, 0 to {_MAX_PORT}")
    return number
