"""The parts of a dashboard: panels in Grafana's JSON format, laid out from left to right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

PROMETHEUS = {"type": "prometheus", "uid": "prometheus"}
LOKI = {"type": "loki", "uid": "loki"}
GREEN, YELLOW, RED = "green", "yellow", "red"
YES_OR_NO = {"1": (GREEN, "yes"), "0": (RED, "no")}
_COLUMNS = 24
_SCHEMA = 39  # of Grafana 10.4; later versions read it, too

Json = dict[str, Any]
Thresholds = tuple[tuple[float, str], ...]  # from which value on, which color


class Query(NamedTuple):
    """A query of a panel, with one or several series; `legend` may contain labels: {{service}}."""

    expr: str
    legend: str = ""


def graph(
    title: str,
    description: str,
    *queries: Query,
    unit: str = "short",
    thresholds: Thresholds = (),
    width: int = 8,
) -> Json:
    """Lines over time, from 0 up. `thresholds` draws horizontal lines, such as the limit of an alert."""
    return _panel("timeseries", title, description, queries, unit, thresholds, width, 8) | {
        "options": {
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "multi", "sort": "desc"},
        }
    }


def stacked(title: str, description: str, *queries: Query, unit: str = "short", width: int = 8) -> Json:
    """Stacked areas over time: the parts of a whole."""
    panel = graph(title, description, *queries, unit=unit, width=width)
    panel["fieldConfig"]["defaults"]["custom"] |= {
        "stacking": {"mode": "normal", "group": "A"},
        "fillOpacity": 40,
    }
    return panel


def stat(
    title: str,
    description: str,
    expr: str,
    *,
    unit: str = "short",
    thresholds: Thresholds = (),
    mappings: Json | None = None,
) -> Json:
    """The latest value. `thresholds` colors it; `mappings` replaces values by texts: {"1": (GREEN, "yes")}."""
    panel = _panel("stat", title, description, [Query(expr)], unit, thresholds, 4, 4)
    panel["fieldConfig"]["defaults"] |= {"mappings": _mappings(mappings or {}), "noValue": "-"}
    for target in panel["targets"]:
        target |= {"instant": True, "range": False}
    return panel | {
        "options": {
            "colorMode": "value" if thresholds or mappings else "none",
            "graphMode": "none",
            "justifyMode": "center",
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        }
    }


def state_timeline(title: str, description: str, query: Query, mappings: Json, *, width: int = 12) -> Json:
    """A bar for each series of the query, colored by its value."""
    panel = _panel("state-timeline", title, description, [query], "short", (), width, 8)
    panel["fieldConfig"]["defaults"] |= {"mappings": _mappings(mappings)}
    panel["fieldConfig"]["defaults"]["custom"] = {"lineWidth": 0, "fillOpacity": 70}
    return panel | {"options": {"mergeValues": True, "showValue": "never", "legend": {"showLegend": False}}}


def logs(title: str, description: str, expr: str) -> Json:
    """Log lines, newest first; each links to its trace."""
    panel = _panel("logs", title, description, [Query(expr)], "short", (), _COLUMNS, 10)
    panel["datasource"] = LOKI
    panel["targets"] = [{"refId": "A", "datasource": LOKI, "expr": expr}]
    return panel | {"options": {"showTime": True, "enableLogDetails": True, "sortOrder": "Descending"}}


def row(title: str) -> Json:
    """A heading for the panels that follow."""
    return {
        "type": "row",
        "title": title,
        "collapsed": False,
        "panels": [],
        "gridPos": {"w": _COLUMNS, "h": 1},
    }


def dashboard(
    uid: str, title: str, description: str, panels: Sequence[Json], variables: Sequence[Json] = ()
) -> Json:
    """A dashboard. The panels get their ids and positions here."""
    return {
        "uid": uid,
        "title": title,
        "description": description,
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
        "panels": _arranged(panels),
    }


def variable(name: str, label: str, query: str) -> Json:
    """A drop-down list at the top of a dashboard, with the values that the query returns."""
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
    description: str,
    queries: Sequence[Query],
    unit: str,
    thresholds: Thresholds,
    width: int,
    height: int,
) -> Json:
    steps = [
        {"color": GREEN, "value": None},
        *({"color": color, "value": value} for value, color in thresholds),
    ]
    custom = {"lineWidth": 1, "fillOpacity": 8, "showPoints": "never", "spanNulls": 60_000}
    return {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": PROMETHEUS,
        "gridPos": {"w": width, "h": height},
        "fieldConfig": {
            "defaults": {
                "unit": unit,
                "min": 0,
                "thresholds": {"mode": "absolute", "steps": steps},
                "custom": custom | {"thresholdsStyle": {"mode": "line" if thresholds else "off"}},
            },
            "overrides": [],
        },
        "targets": [_target(chr(ord("A") + number), query) for number, query in enumerate(queries)],
    }


def _target(name: str, query: Query) -> Json:
    return {
        "refId": name,
        "datasource": PROMETHEUS,
        "expr": query.expr,
        "legendFormat": query.legend or "__auto",
        "range": True,
    }


def _mappings(mappings: Json) -> list[Json]:
    options = {value: {"color": color, "text": text} for value, (color, text) in mappings.items()}
    return [{"type": "value", "options": options}] if options else []


def _arranged(panels: Sequence[Json]) -> list[Json]:
    arranged, x, y, height = [], 0, 0, 0
    for number, panel in enumerate(panels, start=1):
        size = panel["gridPos"]
        if x + size["w"] > _COLUMNS:
            x, y, height = 0, y + height, 0
        arranged.append(panel | {"id": number, "gridPos": {**size, "x": x, "y": y}})
        x, height = x + size["w"], max(height, size["h"])
    return arranged
