"""The committed dashboards are those that the code generates, and Grafana finds their data sources."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import pytest
import yaml

from telemetry.grafana.generate import DASHBOARDS, generate
from telemetry.tests.expressions import TELEMETRY, dashboards, panels

PROVISIONING = TELEMETRY / "grafana" / "provisioning"
BOARDS = dashboards()
SOURCES = {
    source["uid"]: source
    for source in yaml.safe_load((PROVISIONING / "datasources" / "datasources.yaml").read_text())[
        "datasources"
    ]
}
PANELS = list(panels())


def test_the_committed_dashboards_are_up_to_date(tmp_path: Path) -> None:
    generate(tmp_path)
    generated = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert generated == {path.name: path.read_text() for path in DASHBOARDS.iterdir()}, (
        "run `make dashboards`"
    )


@pytest.mark.parametrize("name", BOARDS)
def test_panels_have_unique_ids_and_do_not_overlap(name: str) -> None:
    placed = BOARDS[name]["panels"]
    assert len({panel["id"] for panel in placed}) == len(placed)
    for one, other in combinations([panel["gridPos"] for panel in placed], 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or above, (one, other)
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in placed)


def test_the_uid_of_a_dashboard_is_its_file_name() -> None:
    assert {name: board["uid"] for name, board in BOARDS.items()} == {name: name[:-5] for name in BOARDS}


@pytest.mark.parametrize(("where", "panel"), PANELS, ids=[where for where, _ in PANELS])
def test_a_panel_has_a_description_and_a_data_source(where: str, panel: dict) -> None:
    assert panel["title"]
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"]
    for part in (panel, *panel["targets"]):
        source = part["datasource"]
        assert SOURCES[source["uid"]]["type"] == source["type"]


@pytest.mark.parametrize(("where", "panel"), PANELS, ids=[where for where, _ in PANELS])
def test_thresholds_rise(where: str, panel: dict) -> None:
    values = [step["value"] for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]]
    assert values[0] is None
    assert values[1:] == sorted(values[1:])


@pytest.mark.parametrize("name", BOARDS)
def test_every_variable_of_a_panel_is_defined(name: str) -> None:
    texts = [target["expr"] for panel in BOARDS[name]["panels"] for target in panel.get("targets", [])]
    named = {word for text in texts for word in re.findall(r"\$(\w+)", text) if not word.startswith("__")}
    assert named == {variable["name"] for variable in BOARDS[name]["templating"]["list"]}


def test_data_sources_link_to_each_other() -> None:
    named = [
        SOURCES["loki"]["jsonData"]["derivedFields"][0]["datasourceUid"],
        SOURCES["jaeger"]["jsonData"]["tracesToLogsV2"]["datasourceUid"],
        SOURCES["prometheus"]["jsonData"]["alertmanagerUid"],
    ]
    assert named == ["jaeger", "loki", "alertmanager"]


def test_grafana_has_the_scrape_interval_of_prometheus() -> None:
    interval = yaml.safe_load((TELEMETRY / "prometheus.yml").read_text())["global"]["scrape_interval"]
    assert SOURCES["prometheus"]["jsonData"]["timeInterval"] == interval
