"""Every PromQL expression of the rules and the dashboards, and the metrics and labels in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

TELEMETRY = Path(__file__).resolve().parents[1]
RULES = sorted((TELEMETRY / "rules").glob("*.yaml"))
DASHBOARDS = sorted((TELEMETRY / "grafana" / "dashboards").glob("*.json"))
_VARIABLES = {"$__rate_interval": "1m", "$__range": "1h", "$service": "orders"}
# An expression is reduced to metric names by removing its strings, ranges and label lists.
_LABEL_LISTS = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
_SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)\{([^}]*)\}")
_NAME = re.compile(r"\b[a-zA-Z_:][\w:]*(?!\w|\s*\()")
_KEYWORDS = {"and", "or", "unless", "bool", "offset"}


class Expression(NamedTuple):
    """The place and the text of an expression, with Grafana's variables replaced by values."""

    where: str
    text: str


def rules() -> list[dict[str, Any]]:
    """Every recording and alerting rule."""
    return [
        rule
        for path in RULES
        for group in yaml.safe_load(path.read_text())["groups"]
        for rule in group["rules"]
    ]


def dashboards() -> dict[str, dict[str, Any]]:
    """Every committed dashboard, by file name."""
    return {path.name: json.loads(path.read_text()) for path in DASHBOARDS}


def panels() -> Iterator[tuple[str, dict[str, Any]]]:
    """The place and the content of every panel, except rows."""
    for name, board in dashboards().items():
        for panel in board["panels"]:
            if panel["type"] != "row":
                yield f"{name}: {panel['title']}", panel


def expressions() -> list[Expression]:
    """Every expression of the rules and the panels."""
    found = [Expression(rule.get("alert") or rule["record"], rule["expr"]) for rule in rules()]
    for where, panel in panels():
        for target in panel["targets"]:
            if target["datasource"]["uid"] == "prometheus":
                found.append(Expression(where, _without_variables(target["expr"])))
    return found


def metrics(text: str) -> set[str]:
    """The names of the metrics in an expression."""
    bare = re.sub(r'"[^"]*"', "", text)
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]", " ", bare)
    return set(_NAME.findall(_LABEL_LISTS.sub(" ", bare))) - _KEYWORDS


def matchers(text: str) -> Iterator[tuple[str, str, str]]:
    """Each metric, label and value in the selectors of an expression."""
    for metric, inside in _SELECTOR.findall(text):
        for label, value in re.findall(r'(\w+)\s*[=!]~?\s*"([^"]*)"', inside):
            yield metric, label, value


def grouped_by(text: str) -> set[str]:
    """The labels that an expression groups by."""
    lists = re.findall(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)", text)
    return {label for found in lists for label in re.findall(r"\w+", found)}


def _without_variables(text: str) -> str:
    for variable, value in _VARIABLES.items():
        text = text.replace(variable, value)
    return text
