from datetime import timedelta

import psycopg
import pytest

from chassis.postgres import Database
from notifications.domain.emails import Email, email_id
from notifications.domain.notifications import Shipped
from notifications.store import Store

EMAIL = Email(email_id("event-1"), "ming@example.org", b"To: ming@example.org\r\n\r\nHello\r\n")


@pytest.fixture
def url(service_database):
    return service_database("notifications")


@pytest.fixture
def database(url):
    opened = Database(url)
    opened.open()
    yield opened
    opened.close()


@pytest.fixture
def store(database):
    """A store with one email that is due."""
    opened = Store(database)
    with database.transaction() as connection:
        opened.add(connection, "event-1", Shipped("order-1", "NM-42"), EMAIL)
    return opened


def pass_time(url, time):
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE emails SET next_try_time = next_try_time - %s", (time,))


def test_an_email_is_taken_by_one_process_only(store):
    assert store.take().email == EMAIL
    assert store.take() is None


def test_an_email_whose_sender_crashed_is_due_again_after_two_minutes(store, url):
    first = store.take()
    pass_time(url, timedelta(minutes=2))
    again = store.take()
    assert again.email == first.email
    assert again.tries == first.tries + 1


def test_a_sent_email_is_never_due_again(store, url):
    store.finish(store.take(), "sent")
    pass_time(url, timedelta(days=1))
    assert store.take() is None


def test_a_postponed_email_is_due_after_the_delay(store, url):
    store.postpone(store.take(), timedelta(seconds=30))
    pass_time(url, timedelta(seconds=29))
    assert store.take() is None
    pass_time(url, timedelta(seconds=2))
    assert store.take().email == EMAIL


def test_waiting_emails_are_counted_even_while_they_are_sent(store):
    mail = store.take()
    assert store.count_waiting() == 1
    store.finish(mail, "rejected")
    assert store.count_waiting() == 0
