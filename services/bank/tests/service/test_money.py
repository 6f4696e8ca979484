import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest


@pytest.fixture
def reference():
    return str(uuid.uuid4())


def test_money_is_held_and_captured_with_an_entry_for_each(bank, reference):
    held = bank.authorize(reference)
    taken = bank.move(held.json()["id"], "capture")
    assert (held.status_code, held.json()["state"]) == (201, "AUTHORIZED")
    assert (taken.status_code, taken.json()["state"]) == (200, "CAPTURED")
    assert [(e["debit"], e["credit"], e["amountCents"]) for e in bank.entries(reference)] == [
        ("cardholder", "holds", 1999),
        ("holds", "merchant", 1999),
    ]


def test_voided_money_returns_to_the_cardholder(bank, reference):
    authorization = bank.authorize(reference).json()["id"]
    assert bank.move(authorization, "void").json()["state"] == "VOIDED"
    assert [(e["debit"], e["credit"]) for e in bank.entries(reference)] == [
        ("cardholder", "holds"),
        ("holds", "cardholder"),
    ]


def test_captured_money_can_be_refunded(bank, reference):
    authorization = bank.authorize(reference).json()["id"]
    bank.move(authorization, "capture")
    assert bank.move(authorization, "refund").json()["state"] == "REFUNDED"
    assert (bank.entries(reference)[-1]["debit"], bank.entries(reference)[-1]["credit"]) == (
        "merchant",
        "cardholder",
    )


def test_a_repeated_request_gets_the_same_response_and_moves_nothing(bank, reference):
    first = bank.authorize(reference)
    bank.move(first.json()["id"], "capture")
    repeated = bank.authorize(reference)
    assert (repeated.status_code, repeated.json()) == (first.status_code, first.json())
    assert len(bank.entries(reference)) == 2


def test_a_repeated_capture_gets_the_same_response_even_after_a_refund(bank, reference):
    authorization = bank.authorize(reference).json()["id"]
    first = bank.move(authorization, "capture")
    bank.move(authorization, "refund")
    assert bank.move(authorization, "capture").json() == first.json()
    assert len(bank.entries(reference)) == 3


def test_concurrent_requests_with_one_key_hold_the_money_once_and_get_equal_responses(bank, reference):
    with ThreadPoolExecutor(8) as pool:
        responses = list(pool.map(lambda _: bank.authorize(reference), range(16)))
    assert len({response.text for response in responses}) == 1
    assert len(bank.entries(reference)) == 1


def test_only_one_of_a_concurrent_capture_and_void_succeeds(bank, reference):
    authorization = bank.authorize(reference).json()["id"]
    with ThreadPoolExecutor(8) as pool:
        responses = list(pool.map(lambda what: bank.move(authorization, what), ["capture", "void"] * 4))
    assert sorted({response.status_code for response in responses}) == [200, 400]
    assert len({response.text for response in responses if response.status_code == 200}) == 1
    assert len(bank.entries(reference)) == 2


def test_one_key_for_several_concurrent_captures_moves_one_of_them(bank, reference):
    ids = [bank.authorize(f"{reference}{n}").json()["id"] for n in range(4)]
    with ThreadPoolExecutor(4) as pool:
        responses = list(pool.map(lambda one: bank.move(one, "capture", key=reference), ids))
    assert sorted(response.status_code for response in responses) == [200, 409, 409, 409]


def test_an_authorization_can_be_found_by_a_key(bank, reference):
    authorization = bank.authorize(reference, key=reference).json()["id"]
    bank.move(authorization, "capture")
    (found,) = bank.get("/v1/authorizations", idempotencyKey=reference).json()["authorizations"]
    assert (found["id"], found["state"]) == (authorization, "CAPTURED")
    assert bank.get("/v1/authorizations", idempotencyKey="unused").json() == {"authorizations": []}


def test_an_authorization_can_be_read(bank, reference):
    created = bank.authorize(reference).json()
    assert bank.get(f"/v1/authorizations/{created['id']}").json() == created


def test_the_balances_always_sum_to_zero(bank, reference):
    before = bank.get("/v1/ledger/balance").json()["accounts"]
    bank.authorize(reference, cents=500)
    after = bank.get("/v1/ledger/balance").json()
    assert after["sum"] == 0
    assert after["accounts"]["holds"] - before["holds"] == 500
    assert after["accounts"]["cardholder"] - before["cardholder"] == -500


def test_the_ledger_is_read_page_by_page(bank, reference):
    for number in range(5):
        bank.authorize(reference, key=f"{reference}:{number}")
    page = bank.get("/v1/ledger", reference=reference, pageSize=2).json()
    seen = page["entries"]
    while page["nextAfter"]:
        page = bank.get("/v1/ledger", reference=reference, pageSize=2, after=page["nextAfter"]).json()
        seen += page["entries"]
    assert seen == bank.entries(reference)
    assert len(seen) == 5
