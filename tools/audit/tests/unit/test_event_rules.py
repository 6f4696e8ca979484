from dataclasses import replace
from pathlib import Path

from tools.audit.reader import OUTBOXES
from tools.audit.tests.unit.example import example_snapshot, violations

SERVICES = Path(__file__).parents[4] / "services"


def test_an_event_in_an_outbox_is_a_violation():
    snapshot = replace(example_snapshot(), outboxes={"orders": ("event-1",), "shipping": ()})
    assert violations(snapshot) == {("outboxes", "event-1")}


def test_dead_letters_are_violations():
    assert violations(replace(example_snapshot(), dead_letters={"shipping": 2})) == {
        ("dead letters", "shipping")
    }


def test_every_outbox_is_read():
    migrations = SERVICES.glob("*/migrations/*.sql")
    owners = {path.parts[-3] for path in migrations if "CREATE TABLE outbox" in path.read_text()}
    assert owners == set(OUTBOXES)
