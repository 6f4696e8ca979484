"""What a dashboard is made of: panels as Grafana's JSON wants them, laid out from left to right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

PROMETHEUS = {"type": "prometheus", "uid": "prometheus"}
LOKI = {"type": "loki", "uid": "loki"}
GREEN, YELLOW, RED = "green", "yellow", "red"
YES_OR_NO = {"1": (GREEN, "yes"), "0": (RED, "no")}
_COLUMNS = 24
_SCHEMA = 39  # of Grafana 10.4; newer ones read it too

Json = dict[str, Any]
Marks = tuple[tuple[float, str], ...]  # from which value on which colour


class Query(NamedTuple):
    """A line, or several, of a graph; `legend` may name labels: {{service}}."""

    expr: str
    legend: str = ""


def graph(
    title: str,
    about: str,
    *queries: Query,
    unit: str = "short",
    marks: Marks = (),
    width: int = 8,
) -> Json:
    """Lines over time, from 0 up; `marks` draws lines across, such as the limit of an alert."""
    return _panel("timeseries", title, about, queries, unit, marks, width, 8) | {
        "options": {
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "multi", "sort": "desc"},
        }
    }


def parts(title: str, about: str, *queries: Query, unit: str = "short", width: int = 8) -> Json:
    """Parts of a whole over time, on top of each other."""
    panel = graph(title, about, *queries, unit=unit, width=width)
    panel["fieldConfig"]["defaults"]["custom"] |= {
        "stacking": {"mode": "normal", "group": "A"},
        "fillOpacity": 40,
    }
    return panel


def stat(
    title: str, about: str, expr: str, *, unit: str = "short", marks: Marks = (), words: Json | None = None
) -> Json:
    """One number of now. `marks` colours it; `words` says what a number means: {"1": (GREEN, "yes")}."""
    panel = _panel("stat", title, about, [Query(expr)], unit, marks, 4, 4)
    panel["fieldConfig"]["defaults"] |= {"mappings": _mappings(words or {}), "noValue": "-"}
    for target in panel["targets"]:
        target |= {"instant": True, "range": False}
    return panel | {
        "options": {
            "colorMode": "value" if marks or words else "none",
            "graphMode": "none",
            "justifyMode": "center",
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        }
    }


def states(title: str, about: str, query: Query, words: Json, *, width: int = 12) -> Json:
    """A bar for each line of the query, coloured by what its value means."""
    panel = _panel("state-timeline", title, about, [query], "short", (), width, 8)
    panel["fieldConfig"]["defaults"] |= {"mappings": _mappings(words)}
    panel["fieldConfig"]["defaults"]["custom"] = {"lineWidth": 0, "fillOpacity": 70}
    return panel | {"options": {"mergeValues": True, "showValue": "never", "legend": {"showLegend": False}}}


def logs(title: str, about: str, expr: str) -> Json:
    """Log lines, the newest first; a line leads to its trace."""
    panel = _panel("logs", title, about, [Query(expr)], "short", (), _COLUMNS, 10)
    panel["datasource"] = LOKI
    panel["targets"] = [{"refId": "A", "datasource": LOKI, "expr": expr}]
    return panel | {"options": {"showTime": True, "enableLogDetails": True, "sortOrder": "Descending"}}


def row(title: str) -> Json:
    """A heading over the panels that follow."""
    return {
        "type": "row",
        "title": title,
        "collapsed": False,
        "panels": [],
        "gridPos": {"w": _COLUMNS, "h": 1},
    }


def dashboard(
    uid: str, title: str, about: str, panels: Sequence[Json], variables: Sequence[Json] = ()
) -> Json:
    """A whole dashboard; the panels get their numbers and places here."""
    return {
        "uid": uid,
        "title": title,
        "description": about,
        "tags": ["night-market"],
        "schemaVersion": _SCHEMA,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "15s",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": list(variables)},
        "links": [
            {"type": "dashboards", "tags": ["night-market"], "title": "Night Market", "keepTime": True}
        ],
        "panels": _placed(panels),
    }


def variable(name: str, label: str, query: str) -> Json:
    """A choice at the top of a dashboard, of what the query finds."""
    return {
        "type": "query",
        "name": name,
        "label": label,
        "datasource": PROMETHEUS,
        "query": {"query": query, "refId": name},
        "refresh": 2,
        "sort": 1,
    }


def _panel(
    kind: str,
    title: str,
    about: str,
    queries: Sequence[Query],
    unit: str,
    marks: Marks,
    width: int,
    height: int,
) -> Json:
    steps = [{"color": GREEN, "value": None}, *({"color": color, "value": value} for value, color in marks)]
    custom = {"lineWidth": 1, "fillOpacity": 8, "showPoints": "never", "spanNulls": 60_000}
    return {
        "type": kind,
        "title": title,
        "description": about,
        "datasource": PROMETHEUS,
        "gridPos": {"w": width, "h": height},
        "fieldConfig": {
            "defaults": {
                "unit": unit,
                "min": 0,
                "thresholds": {"mode": "absolute", "steps": steps},
                "custom": custom | {"thresholdsStyle": {"mode": "line" if marks else "off"}},
            },
            "overrides": [],
        },
        "targets": [_target(chr(ord("A") + place), query) for place, query in enumerate(queries)],
    }


def _target(name: str, query: Query) -> Json:
    return {
        "refId": name,
        "datasource": PROMETHEUS,
        "expr": query.expr,
        "legendFormat": query.legend or "__auto",
        "range": True,
    }


def _mappings(words: Json) -> list[Json]:
    options = {value: {"color": color, "text": text} for value, (color, text) in words.items()}
    return [{"type": "value", "options": options}] if options else []


def _placed(panels: Sequence[Json]) -> list[Json]:
    placed, x, y, height = [], 0, 0, 0
    for number, panel in enumerate(panels, start=1):
        size = panel["gridPos"]
        if x + size["w"] > _COLUMNS:
            x, y, height = 0, y + height, 0
        placed.append(panel | {"id": number, "gridPos": {**size, "x": x, "y": y}})
        x, height = x + size["w"], max(height, size["h"])
    return placed
