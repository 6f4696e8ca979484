"""A tiny service that listens to what is sold."""

from contextlib import contextmanager, suppress
from uuid import uuid4

from chassis.errors import Unavailable
from messaging.consumer import Consumer
from messaging.events import Event, encode
from messaging.nats import DEAD_STREAM, Message
from tests.support.broker import Broker
from tests.support.waiting import wait_until

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Shop:
    """A service that listens to what is sold; its handler counts, and does `first` before that."""

    def __init__(self, name, nats, tables):
        self.name = name
        self.sold = f"market.{name}.sold"
        self.broker = Broker(nats)
        self.first = lambda event: None
        self.committed = 0
        self._nats = nats
        self._tables = tables

    @contextmanager
    def open(self):
        """A block in which the service listens."""
        consumer = Consumer(self.name, self._nats, self._tables, {self.sold: self._count}, self._commit)
        consumer.start()
        try:
            yield
        finally:
            consumer.stop()

    def hears(self, name, event_id="", subject=""):
        """Sends it an event about a thing that was sold."""
        event = Event(subject or self.sold, {"name": name}, event_id or str(uuid4()), TRACEPARENT)
        self.sends(encode(event))
        return event.id

    def manages_to_hear(self, name):
        """Sends it an event; False where the broker does not take it."""
        try:
            return self.hears(name, event_id=name)
        except Unavailable:
            return False

    def sends(self, payload):
        """Sends it whatever this is."""
        self._nats.publish([Message(self.sold, payload, str(uuid4()))])

    def counts(self):
        """How often each thing was counted."""
        with self._tables.connection() as connection:
            return {row["name"]: row["times"] for row in connection.execute("SELECT * FROM effects")}

    def has_counted(self, name):
        """Whether it knows that the thing was sold; not while its database is away."""
        with suppress(Unavailable):
            return name in self.counts()
        return False

    def set_aside(self):
        """What it has given up."""
        return self.broker.messages(f"dead.{self.name}", DEAD_STREAM)

    def gives_up(self, count=1):
        """What it has given up, once that is so much."""
        wait_until(lambda: len(self.set_aside()) == count)
        return self.set_aside()

    def _count(self, connection, event):
        connection.execute(
            "INSERT INTO effects VALUES (%s, 1) ON CONFLICT (name) DO UPDATE SET times = effects.times + 1",
            (event.data["name"],),
        )
        self.first(event)

    def _commit(self):
        self.committed += 1


class Failing:
    """Fails so many times, at the events with this name."""

    def __init__(self, name, times, failure=ZeroDivisionError):
        self.tried = 0
        self._name = name
        self._times = times
        self._failure = failure

    def __call__(self, event):
        if event.data["name"] == self._name:
            self.tried += 1
            if self.tried <= self._times:
                raise self._failure
