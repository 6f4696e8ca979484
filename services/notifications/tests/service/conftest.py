import email
from contextlib import contextmanager
from uuid import uuid4

import psycopg
import pytest
from aiosmtpd.controller import Controller

from notifications.__main__ import build_service
from notifications.config import Config
from tests.support.broker import broker
from tests.support.services import started
from tests.support.waiting import wait_until

DOLLAR = {"currencyCode": "USD", "units": "1"}


class Neighbour:
    """What the rest of the market tells the running service, and what its table then says."""

    def __init__(self, market, database_url):
        self._market = market
        self._database_url = database_url

    def tells(self, event_type, event_id="", **data):
        """Sends an event about an order and returns the event's id."""
        return self._market.send(event_type, {"orderId": "order-1", "total": DOLLAR, **data}, event_id)

    def confirms(self, email, event_id="", **data):
        """Tells that an order is confirmed whose buyer has this address."""
        line = {"productId": "lantern", "name": "Red lantern", "quantity": 2, "unitPrice": DOLLAR}
        order = {"lines": [line], "shippingCost": {"currencyCode": "USD"}, **data}
        return self.tells("market.orders.confirmed", event_id, email=email, **order)

    def state_of(self, event_id):
        """Where the mail about an event stands; None where there is none."""
        rows = self._rows("SELECT state FROM emails WHERE event_id = %s", event_id)
        return rows[0][0] if rows else None

    def waits_until(self, event_id, state):
        """Waits until the mail about an event is in this state."""
        wait_until(lambda: self.state_of(event_id) == state)

    def has_tried(self, event_id):
        """How often the mail about an event was handed to the mail server."""
        return self._rows("SELECT tries FROM emails WHERE event_id = %s", event_id)[0][0]

    def kept_mail(self, event_id):
        """The mail itself, where it is still kept."""
        return self._rows("SELECT message FROM emails WHERE event_id = %s", event_id)[0][0]

    def lets_the_pause_pass(self):
        """Lets the time pass until the next try."""
        with psycopg.connect(self._database_url) as connection:
            connection.execute("UPDATE emails SET next_try_time = now()")

    def _rows(self, query, event_id):
        with psycopg.connect(self._database_url) as connection:
            return connection.execute(query, (event_id,)).fetchall()


class Inbox:
    """A mail server's behaviour: keeps what it takes; answers to recipients and to mails can be scripted."""

    LOST_ANSWER = "250 but the connection breaks before this is said"

    def __init__(self):
        self.mails = []
        self.answers_to_recipients = []
        self.answers_to_mails = []

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = self.answers_to_recipients.pop(0) if self.answers_to_recipients else "250 OK"
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, session, envelope):
        answer = self.answers_to_mails.pop(0) if self.answers_to_mails else "250 OK"
        if answer.startswith("250"):
            self.mails.append((envelope.rcpt_tos, email.message_from_bytes(envelope.content)))
        if answer == self.LOST_ANSWER:
            server.transport.abort()
        return answer

    def sent_to(self, address):
        """The mails to this address."""
        return [mail for recipients, mail in self.mails if recipients == [address]]


@pytest.fixture(scope="session")
def run_notifications(service_database, nats_url, free_port):
    """Runs the service for the length of a block: run_notifications(mail_dir=...) -> its Neighbour."""

    @contextmanager
    def run(**variables):
        config = Config(
            database_url=service_database("notifications"),
            nats_url=nats_url,
            admin_port=free_port(),
            **variables,
        )
        with started(build_service, config), broker(nats_url) as market:
            yield Neighbour(market, config.database_url)

    return run


@pytest.fixture
def buyer():
    """The address of somebody who has never had a mail."""
    return f"{uuid4()}@example.org"


@pytest.fixture
def inbox():
    """What the mail server of a test takes, and how it answers."""
    return Inbox()


@pytest.fixture
def mail_server(inbox):
    """Runs a real mail server for the length of a block: mail_server(port)."""

    @contextmanager
    def run(port, **options):
        controller = Controller(inbox, hostname="127.0.0.1", port=port, **options)
        controller.start()
        try:
            yield
        finally:
            controller.stop()

    return run
