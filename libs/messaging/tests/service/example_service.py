"""An example service that consumes events, and helpers for its database and its connection to NATS."""

import re
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from chassis.errors import Unavailable
from messaging.consumer import Consumer
from messaging.events import Event, encode
from messaging.nats import DEAD_STREAM, Message, NatsConnection
from tests.support.nats import EventClient
from tests.support.tracing import TRACEPARENT
from tests.support.waiting import wait_until


class ExampleService:
    """A service that counts the events of its subject. Its handler calls `hook` after the update of the count."""

    def __init__(self, name, nats, database):
        self.name = name
        self.subject = f"market.{name}.sold"
        self.hook = lambda event: None
        self.commits = 0
        self._nats = nats
        self._database = database

    @contextmanager
    def running(self):
        """Consume events within a block."""
        handlers = {self.subject: self._count}
        consumer = Consumer(self.name, self._nats, self._database, handlers, self._commit)
        consumer.start()
        try:
            yield
        finally:
            consumer.stop()

    def send(self, name, event_id=""):
        """Send an event with this name to the service, and return the event's id."""
        event = Event(self.subject, {"name": name}, event_id or str(uuid4()), TRACEPARENT)
        self.send_payload(encode(event))
        return event.id

    def try_send(self, name):
        """Send an event whose id is its name. Returns False if NATS is unavailable."""
        try:
            return self.send(name, event_id=name)
        except Unavailable:
            return False

    def send_payload(self, payload):
        """Send any bytes to the service."""
        self._nats.publish([Message(self.subject, payload, str(uuid4()))])

    def counts(self):
        """Return the number of effects by name."""
        with self._database.connection() as connection:
            return {row["name"]: row["times"] for row in connection.execute("SELECT * FROM effects")}

    def has_counted(self, name):
        """Return whether an event took effect. Returns False if the database is unavailable."""
        with suppress(Unavailable):
            return name in self.counts()
        return False

    def dead_letters(self):
        """Return the messages that the service has dead-lettered."""
        return EventClient(self._nats).messages(f"dead.{self.name}", DEAD_STREAM)

    def wait_for_dead_letters(self, count=1):
        """Wait until there are `count` dead letters, and return them."""
        wait_until(lambda: len(self.dead_letters()) == count)
        return self.dead_letters()

    def _count(self, connection, event):
        connection.execute(
            "INSERT INTO effects VALUES (%s, 1) ON CONFLICT (name) DO UPDATE SET times = effects.times + 1",
            (event.data["name"],),
        )
        self.hook(event)

    def _commit(self):
        self.commits += 1


class Failing:
    """A hook that raises `error` at the first `times` attempts to handle the events with a name."""

    def __init__(self, name, times, error=ZeroDivisionError):
        self.attempts = 0
        self._name = name
        self._times = times
        self._error = error

    def __call__(self, event):
        if event.data["name"] == self._name:
            self.attempts += 1
            if self.attempts <= self._times:
                raise self._error


class CrashingConnection(NatsConnection):
    """A connection that simulates a crash of the process right after NATS has stored the messages."""

    def __init__(self, nats):
        self._nats = nats

    def check(self):
        self._nats.check()

    def publish(self, messages, timeout=5.0):
        self._nats.publish(messages, timeout)
        raise KeyboardInterrupt


def create_tables(database):
    """Create the tables of the README, and the table `effects` for the counts."""
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    [sql] = re.findall(r"```sql\n(.*?)```", readme, re.DOTALL)
    with database.connection() as connection:
        for statement in sql.split(";"):
            connection.execute(statement)
        connection.execute("CREATE TABLE effects (name text PRIMARY KEY, times integer NOT NULL)")


def outbox_size(database):
    """Return the number of events in the outbox."""
    with database.connection() as connection:
        return connection.execute("SELECT count(*) AS number FROM outbox").fetchone()["number"]


def duplicates(counted, subject):
    """Return how many events of a subject were skipped as duplicates since the test started."""
    return counted("market_events_handled_total", type=subject, outcome="repeated")
