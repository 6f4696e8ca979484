"""The service is killed between delivering a mail and noting that."""

import mailbox
import os
import subprocess
import sys
from contextlib import contextmanager

import psycopg
import pytest
from psycopg.sql import SQL, Literal

from services.notifications.tests.service.conftest import Neighbour
from tests.support.broker import broker
from tests.support.waiting import wait_until

# Noting that the buyer's mail is sent takes longer than anybody waits; mails of other tests' orders may come before.
_SLOW = """
CREATE FUNCTION sleep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN NEW; END $$;
CREATE TRIGGER slow BEFORE UPDATE ON emails FOR EACH ROW
WHEN (NEW.state = 'sent' AND NEW.recipient = {buyer}) EXECUTE FUNCTION sleep();
"""


@pytest.fixture
def database_url(service_database):
    return service_database("notifications")


@pytest.fixture
def market(nats_url, database_url):
    with broker(nats_url) as broker_of_all:
        yield Neighbour(broker_of_all, database_url)


@pytest.fixture
def running(nats_url, database_url, tmp_path):
    """Runs the service as a process for the length of a block, and kills it at the end."""

    @contextmanager
    def run():
        environment = {
            **os.environ,
            "NATS_URL": nats_url,
            "DATABASE_URL": database_url,
            "MAIL_DIR": str(tmp_path / "mail"),
            "ADMIN_PORT": "0",
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "notifications"], env=environment, stdout=subprocess.DEVNULL
        )
        try:
            yield
        finally:
            process.kill()
            process.wait()

    return run


def mails_to(folder, address):
    if not (folder / "cur").exists():  # the last part of a new Maildir
        return []
    return [mail for mail in mailbox.Maildir(folder) if mail["To"] == address]


def test_a_mail_is_in_the_folder_once_though_its_sender_was_killed_before_it_could_say_so(
    market, running, database_url, tmp_path, buyer
):
    folder = tmp_path / "mail"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(SQL(_SLOW).format(buyer=Literal(buyer)))
        with running():
            event_id = market.confirms(buyer)
            wait_until(lambda: mails_to(folder, buyer), timeout=30)
        assert market.state_of(event_id) == "waiting"
        connection.execute("DROP TRIGGER slow ON emails")
    market.lets_the_pause_pass()
    with running():
        wait_until(lambda: market.state_of(event_id) == "sent", timeout=30)
    assert market.has_tried(event_id) == 2
    assert len(mails_to(folder, buyer)) == 1
