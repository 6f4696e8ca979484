from datetime import timedelta

import psycopg
import pytest

from chassis.postgres import Database
from notifications.domain.delivery import Letter, letter_id
from notifications.domain.notices import Shipped
from notifications.store import Store, keep

LETTER = Letter(letter_id("event-1"), "ming@example.org", b"To: ming@example.org\r\n\r\nHello\r\n")


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
    """A store with one mail that is due."""
    with database.transaction() as connection:
        keep(connection, "event-1", Shipped("order-1", "NM-42"), LETTER)
    return Store(database)


def pass_time(url, time):
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE emails SET next_try_time = next_try_time - %s", (time,))


def test_a_mail_that_somebody_sends_is_not_sent_by_others(store):
    assert store.take().letter == LETTER
    assert store.take() is None


def test_a_mail_whose_sender_crashed_is_due_again_after_a_while(store, url):
    first = store.take()
    pass_time(url, timedelta(minutes=2))
    again = store.take()
    assert again.letter == first.letter
    assert again.tries == first.tries + 1


def test_a_mail_that_is_sent_is_never_due_again(store, url):
    store.end(store.take(), "sent")
    pass_time(url, timedelta(days=1))
    assert store.take() is None


def test_a_mail_that_is_postponed_is_due_after_the_pause(store, url):
    store.postpone(store.take(), timedelta(seconds=30))
    pass_time(url, timedelta(seconds=29))
    assert store.take() is None
    pass_time(url, timedelta(seconds=2))
    assert store.take().letter == LETTER


def test_mails_that_wait_are_counted_also_while_they_are_being_sent(store):
    mail = store.take()
    assert store.count_waiting() == 1
    store.end(mail, "rejected")
    assert store.count_waiting() == 0
