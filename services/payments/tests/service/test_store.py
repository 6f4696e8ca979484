from contextlib import closing

import pytest
from prometheus_client import REGISTRY

from chassis.postgres import Database
from payments.domain.payments import PaymentRequest, State
from payments.domain.steps import Outcome
from payments.store import Store


@pytest.fixture(scope="module")
def store(service_database):
    with closing(Database(service_database("payments"))) as database:
        database.open()
        yield Store(database)


def test_an_order_has_one_payment(store):
    request = PaymentRequest("one", 1999, "tok_visa")
    assert store.add(request).state is State.PENDING
    assert store.add(request) is None
    assert store.add_voided("one") is None


def test_a_record_changes_only_from_the_state_in_which_it_was_read(store):
    pending = store.add(PaymentRequest("two", 1999, "tok_visa"))
    held = store.change(pending, Outcome(State.AUTHORIZED, "auth_1"))
    let_go = store.change(held, Outcome(State.VOIDED, "auth_1"))
    assert store.change(pending, Outcome(State.AUTHORIZED, "auth_1")) == let_go == store.find("two")


def captured_cents():
    return REGISTRY.get_sample_value("market_payments_cents_total", {"outcome": "captured"}) or 0


def test_captured_money_is_counted_once(store):
    before = captured_cents()
    held = store.change(
        store.add(PaymentRequest("four", 1999, "tok_visa")), Outcome(State.AUTHORIZED, "auth_4")
    )
    for _ in range(2):
        store.change(held, Outcome(State.CAPTURED, "auth_4"))
    assert captured_cents() - before == 1999


def test_an_order_without_a_payment_has_no_record(store):
    assert store.find("three") is None
