"""Every alert has a runbook and a test, and fires when it should."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from telemetry.tests.expressions import RULES, TELEMETRY, expressions, rules

ROOT = TELEMETRY.parent
TESTS = sorted((TELEMETRY / "rules" / "tests").glob("*.test.yaml"))
RUNBOOKS = sorted((ROOT / "docs" / "runbooks").glob("[A-Z]*[a-z].md"))
ALERTS = [rule for rule in rules() if "alert" in rule]
NAMES = sorted({alert["alert"] for alert in ALERTS})
HEADINGS = ["## Impact", "## Diagnosis", "## Remediation"]


def output_of(tool: str, *arguments: str | Path) -> str:
    """The output of a tool. Skips the test if the tool is not installed, and fails it if the tool fails."""
    if not shutil.which(tool):
        package = {"promtool": "prometheus", "amtool": "prometheus-alertmanager"}[tool]
        pytest.skip(f"{tool} is not installed: apt-get install {package}")
    completed = subprocess.run([tool, *arguments], capture_output=True, text=True)
    assert completed.returncode == 0, completed.stdout + completed.stderr
    return completed.stdout


def test_prometheus_accepts_its_configuration_and_the_rules() -> None:
    assert "SUCCESS" in output_of("promtool", "check", "config", TELEMETRY / "prometheus.yml")


def test_alertmanager_accepts_its_configuration() -> None:
    assert "SUCCESS" in output_of("amtool", "check-config", TELEMETRY / "alertmanager.yml")


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name)
def test_alerts_fire_when_they_should_and_not_otherwise(path: Path) -> None:
    assert "SUCCESS" in output_of("promtool", "test", "rules", path)


def test_every_expression_is_valid_promql(tmp_path: Path) -> None:
    everything = [{"record": f"expression:{n}", "expr": text} for n, (_, text) in enumerate(expressions())]
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": everything}]}))
    assert f"{len(everything)} rules found" in output_of("promtool", "check", "rules", path)


@pytest.mark.parametrize("name", NAMES)
def test_an_alert_is_tested_both_firing_and_silent(name: str) -> None:
    cases = yaml.safe_load((TELEMETRY / "rules" / "tests" / f"{name}.test.yaml").read_text())["tests"]
    expected = [
        case["exp_alerts"] for test in cases for case in test["alert_rule_test"] if case["alertname"] == name
    ]
    fired = {alert["exp_labels"]["severity"] for alerts in expected for alert in alerts}
    assert fired == {alert["labels"]["severity"] for alert in ALERTS if alert["alert"] == name}
    assert [] in expected


def test_every_rule_test_has_an_alert_and_loads_all_rules() -> None:
    assert [path.name.removesuffix(".test.yaml") for path in TESTS] == NAMES
    groups = [group["name"] for path in RULES for group in yaml.safe_load(path.read_text())["groups"]]
    for path in TESTS:
        test = yaml.safe_load(path.read_text())
        assert sorted(test["rule_files"]) == [f"../{rule.name}" for rule in RULES]
        # Without this order, promtool may evaluate an alert before the recording rules that it uses.
        assert sorted(test["group_eval_order"]) == sorted(groups)


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: f"{alert['alert']}-{alert['labels']['severity']}")
def test_an_alert_has_a_severity_a_summary_a_description_and_a_runbook(alert: dict) -> None:
    annotations = alert["annotations"]
    assert alert["labels"]["severity"] in ("critical", "warning")
    assert annotations["runbook_url"] == f"docs/runbooks/{alert['alert']}.md"
    assert annotations["summary"].endswith(".")
    assert re.search(r"\$value|\bminute\b", annotations["description"])
    assert (ROOT / annotations["runbook_url"]).is_file()


def test_every_runbook_has_an_alert_and_the_three_sections() -> None:
    assert [path.stem for path in RUNBOOKS] == NAMES
    for path in RUNBOOKS:
        text = path.read_text()
        assert text.startswith(f"# {path.stem}\n"), path
        assert [line for line in text.splitlines() if line.startswith("## ")] == HEADINGS, path


def test_the_readmes_list_every_alert() -> None:
    for page in (TELEMETRY / "README.md", ROOT / "docs" / "runbooks" / "README.md"):
        assert [name for name in NAMES if name not in page.read_text()] == [], page
