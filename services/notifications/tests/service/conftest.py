import email
from contextlib import contextmanager
from uuid import uuid4

import psycopg
import pytest
from aiosmtpd.controller import Controller

from nightmarket.subjects import ORDER_CONFIRMED
from notifications.__main__ import build_service
from notifications.config import Config
from tests.support.nats import event_client
from tests.support.services import started
from tests.support.waiting import wait_until

DOLLAR = {"currencyCode": "USD", "units": "1"}


class Client:
    """A client of the running service: publishes events and looks into its table of emails."""

    def __init__(self, nats, database_url):
        self._nats = nats
        self._database_url = database_url

    def publish(self, subject, event_id="", **data):
        """Publish an event about an order and return the event's ID."""
        return self._nats.send(subject, {"orderId": "order-1", "total": DOLLAR, **data}, event_id)

    def publish_confirmed(self, email, event_id="", **data):
        """Publish that an order is confirmed whose buyer has this address."""
        line = {"productId": "lantern", "name": "Red lantern", "quantity": 2, "unitPrice": DOLLAR}
        order = {"lines": [line], "shippingCost": {"currencyCode": "USD"}, **data}
        return self.publish(ORDER_CONFIRMED, event_id, email=email, **order)

    def state_of(self, event_id):
        """Return the state of the email about an event, or None if there is none."""
        rows = self._rows("SELECT state FROM emails WHERE event_id = %s", event_id)
        return rows[0][0] if rows else None

    def wait_until_state(self, event_id, state):
        """Wait until the email about an event is in this state."""
        wait_until(lambda: self.state_of(event_id) == state)

    def tries(self, event_id):
        """Return how often the service has tried to send the email about an event."""
        return self._rows("SELECT tries FROM emails WHERE event_id = %s", event_id)[0][0]

    def message(self, event_id):
        """Return the stored message of the email, or None if it is deleted."""
        return self._rows("SELECT message FROM emails WHERE event_id = %s", event_id)[0][0]

    def make_due(self):
        """Make all waiting emails due."""
        with psycopg.connect(self._database_url) as connection:
            connection.execute("UPDATE emails SET next_try_time = now()")

    def _rows(self, query, event_id):
        with psycopg.connect(self._database_url) as connection:
            return connection.execute(query, (event_id,)).fetchall()


class Inbox:
    """The handler of a test mail server: stores what it accepts. A test can script its responses."""

    LOST_RESPONSE = "250 but the connection breaks before the response"

    def __init__(self):
        self.emails = []
        self.responses_to_recipients = []
        self.responses_to_emails = []

    async def handle_RCPT(self, server, session, envelope, address, options):
        response = self.responses_to_recipients.pop(0) if self.responses_to_recipients else "250 OK"
        if response.startswith("250"):
            envelope.rcpt_tos.append(address)
        return response

    async def handle_DATA(self, server, session, envelope):
        response = self.responses_to_emails.pop(0) if self.responses_to_emails else "250 OK"
        if response.startswith("250"):
            self.emails.append((envelope.rcpt_tos, email.message_from_bytes(envelope.content)))
        if response == self.LOST_RESPONSE:
            server.transport.abort()
        return response

    def sent_to(self, address):
        """Return the emails to this address."""
        return [message for recipients, message in self.emails if recipients == [address]]


@pytest.fixture(scope="session")
def run_notifications(service_database, nats_url, free_port):
    """Run the service during a block: run_notifications(mail_dir=...) returns a Client."""

    @contextmanager
    def run(**variables):
        config = Config(
            database_url=service_database("notifications"),
            nats_url=nats_url,
            admin_port=free_port(),
            **variables,
        )
        with started(build_service, config), event_client(nats_url) as nats:
            yield Client(nats, config.database_url)

    return run


@pytest.fixture
def buyer():
    """An email address without emails."""
    return f"{uuid4()}@example.org"


@pytest.fixture
def inbox():
    """The inbox of the test mail server."""
    return Inbox()


@pytest.fixture
def mail_server(inbox):
    """Run a real mail server during a block: mail_server(port)."""

    @contextmanager
    def run(port, **options):
        controller = Controller(inbox, hostname="127.0.0.1", port=port, **options)
        controller.start()
        try:
            yield
        finally:
            controller.stop()

    return run
