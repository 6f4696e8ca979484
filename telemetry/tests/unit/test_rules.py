"""Every alert says what to do, is tried out, and fires when it should."""

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


def checked(tool: str, *arguments: str | Path) -> str:
    """What the tool prints; skips the test aloud where the machine does not have it, fails where the tool does."""
    if not shutil.which(tool):
        package = {"promtool": "prometheus", "amtool": "prometheus-alertmanager"}[tool]
        pytest.skip(f"no {tool} on this machine: apt-get install {package}, or take it from its release")
    answer = subprocess.run([tool, *arguments], capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


def test_prometheus_takes_its_configuration_and_the_rules() -> None:
    assert "SUCCESS" in checked("promtool", "check", "config", TELEMETRY / "prometheus.yml")


def test_alertmanager_takes_its_configuration() -> None:
    assert "SUCCESS" in checked("amtool", "check-config", TELEMETRY / "alertmanager.yml")


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name)
def test_alerts_fire_when_they_should_and_not_otherwise(path: Path) -> None:
    assert "SUCCESS" in checked("promtool", "test", "rules", path)


def test_every_expression_is_one_for_prometheus(tmp_path: Path) -> None:
    everything = [{"record": f"expression:{n}", "expr": text} for n, (_, text) in enumerate(expressions())]
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": everything}]}))
    assert f"{len(everything)} rules found" in checked("promtool", "check", "rules", path)


@pytest.mark.parametrize("name", NAMES)
def test_an_alert_is_tried_out_both_firing_and_silent(name: str) -> None:
    cases = yaml.safe_load((TELEMETRY / "rules" / "tests" / f"{name}.test.yaml").read_text())["tests"]
    tried = [
        case["exp_alerts"] for test in cases for case in test["alert_rule_test"] if case["alertname"] == name
    ]
    fired = {alert["exp_labels"]["severity"] for alerts in tried for alert in alerts}
    assert fired == {alert["labels"]["severity"] for alert in ALERTS if alert["alert"] == name}
    assert [] in tried


def test_every_test_of_rules_is_about_an_alert_and_reads_all_rules() -> None:
    assert [path.name.removesuffix(".test.yaml") for path in TESTS] == NAMES
    groups = [group["name"] for path in RULES for group in yaml.safe_load(path.read_text())["groups"]]
    for path in TESTS:
        test = yaml.safe_load(path.read_text())
        assert sorted(test["rule_files"]) == [f"../{rule.name}" for rule in RULES]
        # Otherwise promtool takes the groups in any order, and what is recorded is sometimes one step old.
        assert sorted(test["group_eval_order"]) == sorted(groups)


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: f"{alert['alert']}-{alert['labels']['severity']}")
def test_an_alert_says_what_it_is_about_how_bad_it_is_and_where_to_read_on(alert: dict) -> None:
    told = alert["annotations"]
    assert alert["labels"]["severity"] in ("critical", "warning")
    assert told["runbook_url"] == f"docs/runbooks/{alert['alert']}.md"
    assert told["summary"].endswith(".")
    assert re.search(r"\$value|\bminute\b", told["description"])
    assert (ROOT / told["runbook_url"]).is_file()


def test_every_runbook_has_an_alert_and_the_three_sections() -> None:
    assert [path.stem for path in RUNBOOKS] == NAMES
    for path in RUNBOOKS:
        text = path.read_text()
        assert text.startswith(f"# {path.stem}\n"), path
        assert [line for line in text.splitlines() if line.startswith("## ")] == HEADINGS, path


def test_every_alert_stands_in_the_readmes() -> None:
    for page in (TELEMETRY / "README.md", ROOT / "docs" / "runbooks" / "README.md"):
        assert [name for name in NAMES if name not in page.read_text()] == [], page
