"""The service is killed between sending an email and recording that."""

import mailbox
import os
import subprocess
import sys
from contextlib import contextmanager

import psycopg
import pytest
from psycopg.sql import SQL, Literal

from services.notifications.tests.service.conftest import Client
from tests.support.nats import event_client
from tests.support.waiting import wait_until

# Recording that the email of this buyer is sent takes longer than the test. Emails of other tests may come first.
_SLOW = """
CREATE FUNCTION sleep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN NEW; END $$;
CREATE TRIGGER slow BEFORE UPDATE ON emails FOR EACH ROW
WHEN (NEW.state = 'sent' AND NEW.recipient = {buyer}) EXECUTE FUNCTION sleep();
"""


@pytest.fixture
def database_url(service_database):
    return service_database("notifications")


@pytest.fixture
def client(nats_url, database_url):
    with event_client(nats_url) as nats:
        yield Client(nats, database_url)


@pytest.fixture
def running(nats_url, database_url, tmp_path):
    """Run the service as a process during a block, and kill it at the end."""

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


def emails_to(folder, address):
    if not (folder / "cur").exists():  # created last in a new Maildir
        return []
    return [mail for mail in mailbox.Maildir(folder) if mail["To"] == address]


def test_an_email_is_in_the_folder_once_if_its_sender_crashed_before_the_record(
    client, running, database_url, tmp_path, buyer
):
    folder = tmp_path / "mail"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(SQL(_SLOW).format(buyer=Literal(buyer)))
        with running():
            event_id = client.publish_confirmed(buyer)
            wait_until(lambda: emails_to(folder, buyer), timeout=30)
        assert client.state_of(event_id) == "waiting"
        connection.execute("DROP TRIGGER slow ON emails")
    client.make_due()
    with running():
        wait_until(lambda: client.state_of(event_id) == "sent", timeout=30)
    assert client.tries(event_id) == 2
    assert len(emails_to(folder, buyer)) == 1
