import time
import uuid

import pytest
import requests

from services.bank.tests.service.conftest import SLOW_SECONDS, reason

CARD = {"number": "4242 4242 4242 4242", "expiry": "12/49", "cvc": "123", "name": "Ada Lovelace"}


@pytest.fixture
def reference():
    return str(uuid.uuid4())


def test_every_test_card_becomes_its_well_known_token(bank):
    cards = bank.get("/v1/tokens/test-cards").json()["testCards"]
    assert len(cards) >= 6
    for card in cards:
        made = bank.post("/v1/tokens", {**CARD, "number": card["number"]})
        assert (made.status_code, made.json()) == (201, {"token": card["token"]})


def test_another_card_gets_a_token_of_its_own_that_can_be_charged(bank, reference):
    token = bank.post("/v1/tokens", {**CARD, "number": "4111111111111111"}).json()["token"]
    assert bank.authorize(reference, card=token).status_code == 201


def test_a_card_becomes_a_token_without_an_api_key(bank):
    answer = requests.post(f"{bank.url}/v1/tokens", json=CARD, timeout=10)
    assert answer.json() == {"token": "tok_visa"}


@pytest.mark.parametrize(
    ("token", "expected"),
    [("tok_declined", "CARD_DECLINED"), ("tok_insufficient_funds", "INSUFFICIENT_FUNDS")],
)
def test_a_declined_card_is_declined_again_and_moves_nothing(bank, reference, token, expected):
    first, again = bank.authorize(reference, card=token), bank.authorize(reference, card=token)
    assert (first.status_code, reason(first)) == (400, expected)
    assert again.json() == first.json()
    assert bank.entries(reference) == []


def test_a_declined_card_can_be_found_by_its_key(bank, reference):
    bank.authorize(reference, card="tok_declined", key=reference)
    (found,) = bank.get("/v1/authorizations", idempotencyKey=reference).json()["authorizations"]
    assert (found["state"], found["declineReason"]) == ("DECLINED", "CARD_DECLINED")


def test_a_slow_card_answers_late_once(bank, reference):
    started = time.monotonic()
    first = bank.authorize(reference, card="tok_slow")
    took = time.monotonic() - started
    assert took >= SLOW_SECONDS
    assert first.json() == bank.authorize(reference, card="tok_slow").json()
    assert time.monotonic() - started < took + SLOW_SECONDS


def test_a_lost_answer_charges_and_ends_the_connection(bank, reference):
    with pytest.raises(requests.ConnectionError):
        bank.authorize(reference, card="tok_lost_answer")
    assert len(bank.entries(reference)) == 1


def test_the_repeated_request_finds_the_answer_that_was_lost(bank, reference):
    with pytest.raises(requests.ConnectionError):
        bank.authorize(reference, card="tok_lost_answer", key=reference)
    again = bank.authorize(reference, card="tok_lost_answer", key=reference)
    assert (again.status_code, again.json()["state"]) == (201, "AUTHORIZED")
    assert len(bank.entries(reference)) == 1
