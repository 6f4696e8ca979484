from dataclasses import replace
from pathlib import Path

from tools.audit.reading import OUTBOXES
from tools.audit.tests.unit.fabricated import a_market, findings

SERVICES = Path(__file__).parents[4] / "services"


def test_an_event_that_waits_in_an_outbox_is_found():
    books = replace(a_market(), outboxes={"orders": ("event-1",), "shipping": ()})
    assert findings(books) == {("outboxes", "event-1")}


def test_dead_letters_are_found():
    assert findings(replace(a_market(), dead_letters={"shipping": 2})) == {("dead letters", "shipping")}


def test_every_outbox_is_read():
    migrations = SERVICES.glob("*/migrations/*.sql")
    owners = {path.parts[-3] for path in migrations if "CREATE TABLE outbox" in path.read_text()}
    assert owners == set(OUTBOXES)
