import time
import uuid

import pytest
import requests

from services.bank.tests.service.conftest import SLOW_SECONDS, reason

CARD = {"number": "4242 4242 4242 4242", "expiry": "12/49", "cvc": "123", "name": "Ada Lovelace"}


@pytest.fixture
def reference():
    return str(uuid.uuid4())


def test_every_test_card_gets_its_fixed_token(bank):
    cards = bank.get("/v1/tokens/test-cards").json()["testCards"]
    assert len(cards) >= 6
    for card in cards:
        created = bank.post("/v1/tokens", {**CARD, "number": card["number"]})
        assert (created.status_code, created.json()) == (201, {"token": card["token"]})


def test_any_other_card_gets_a_new_token_that_can_be_charged(bank, reference):
    token = bank.post("/v1/tokens", {**CARD, "number": "4111111111111111"}).json()["token"]
    assert bank.authorize(reference, card=token).status_code == 201


def test_creating_a_token_needs_no_api_key(bank):
    response = requests.post(f"{bank.url}/v1/tokens", json=CARD, timeout=10)
    assert response.json() == {"token": "tok_visa"}


@pytest.mark.parametrize(
    ("token", "expected"),
    [("tok_declined", "CARD_DECLINED"), ("tok_insufficient_funds", "INSUFFICIENT_FUNDS")],
)
def test_a_declined_card_is_declined_again_and_moves_nothing(bank, reference, token, expected):
    first, repeated = bank.authorize(reference, card=token), bank.authorize(reference, card=token)
    assert (first.status_code, reason(first)) == (400, expected)
    assert repeated.json() == first.json()
    assert bank.entries(reference) == []


def test_a_declined_card_can_be_found_by_its_key(bank, reference):
    bank.authorize(reference, card="tok_declined", key=reference)
    (found,) = bank.get("/v1/authorizations", idempotencyKey=reference).json()["authorizations"]
    assert (found["state"], found["declineReason"]) == ("DECLINED", "CARD_DECLINED")


def test_a_slow_card_delays_only_the_first_response(bank, reference):
    started = time.monotonic()
    first = bank.authorize(reference, card="tok_slow")
    took = time.monotonic() - started
    assert took >= SLOW_SECONDS
    assert first.json() == bank.authorize(reference, card="tok_slow").json()
    assert time.monotonic() - started < took + SLOW_SECONDS


def test_a_lost_response_takes_effect_and_closes_the_connection(bank, reference):
    with pytest.raises(requests.ConnectionError):
        bank.authorize(reference, card="tok_lost_answer")
    assert len(bank.entries(reference)) == 1


def test_a_repeated_request_gets_the_lost_response(bank, reference):
    with pytest.raises(requests.ConnectionError):
        bank.authorize(reference, card="tok_lost_answer", key=reference)
    repeated = bank.authorize(reference, card="tok_lost_answer", key=reference)
    assert (repeated.status_code, repeated.json()["state"]) == (201, "AUTHORIZED")
    assert len(bank.entries(reference)) == 1
