import uuid

import pytest
import requests

from services.bank.tests.service.conftest import reason

CARD = {"number": "4242424242424242", "expiry": "12/49", "cvc": "123", "name": "Ada"}
CHARGE = {"amountCents": 100, "currency": "USD", "token": "tok_visa", "reference": "r"}
UNKNOWN = "auth_" + "0" * 32


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"number": "4242424242424241"}, "CARD_NUMBER_INVALID"),
        ({"number": 4242424242424242}, "FIELD_INVALID"),
        ({"expiry": "13/49"}, "CARD_EXPIRY_INVALID"),
        ({"expiry": "01/20"}, "CARD_EXPIRED"),
        ({"cvc": "12"}, "CARD_CVC_INVALID"),
        ({"name": "\ud800"}, "CARD_NAME_INVALID"),
        ({"pin": "1234"}, "FIELD_UNKNOWN"),
    ],
)
def test_a_card_that_makes_no_sense_is_refused_with_a_reason(bank, wrong, expected):
    answer = bank.post("/v1/tokens", {**CARD, **wrong})
    assert (answer.status_code, reason(answer)) == (400, expected)


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"amountCents": 0}, "AMOUNT_INVALID"),
        ({"amountCents": -1}, "AMOUNT_INVALID"),
        ({"amountCents": 10**30}, "AMOUNT_INVALID"),
        ({"amountCents": 1.5}, "FIELD_INVALID"),
        ({"amountCents": True}, "FIELD_INVALID"),
        ({"currency": "EUR"}, "CURRENCY_INVALID"),
        ({"token": "tok_nobody_s"}, "TOKEN_UNKNOWN"),
        ({"token": "\0\ud800"}, "TOKEN_UNKNOWN"),
        ({"reference": ""}, "REFERENCE_INVALID"),
        ({"reference": "a\0b"}, "REFERENCE_INVALID"),
    ],
)
def test_a_charge_that_makes_no_sense_is_refused_with_a_reason(bank, wrong, expected):
    answer = bank.post("/v1/authorizations", {**CHARGE, **wrong}, key=str(uuid.uuid4()))
    assert (answer.status_code, reason(answer)) == (400, expected)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"[" * 60_000, b'{"amountCents": NaN}', b"\xff"])
def test_a_body_that_is_no_object_is_refused(bank, body):
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    answer = bank.session.post(f"{bank.url}/v1/authorizations", data=body, headers=headers, timeout=10)
    assert answer.status_code == 400
    assert reason(answer) in ("JSON_INVALID", "FIELD_INVALID", "FIELD_MISSING")


def test_money_is_not_moved_without_a_key(bank):
    assert reason(bank.post("/v1/authorizations", CHARGE)) == "IDEMPOTENCY_KEY_MISSING"


def test_a_key_that_is_too_long_is_refused(bank):
    assert reason(bank.post("/v1/authorizations", CHARGE, key="k" * 129)) == "IDEMPOTENCY_KEY_INVALID"


def test_a_key_is_refused_for_another_charge(bank):
    key = str(uuid.uuid4())
    bank.post("/v1/authorizations", CHARGE, key=key)
    answer = bank.post("/v1/authorizations", {**CHARGE, "amountCents": 101}, key=key)
    assert (answer.status_code, reason(answer)) == (409, "IDEMPOTENCY_KEY_REUSED")


def test_a_key_is_refused_for_another_operation(bank):
    key = str(uuid.uuid4())
    authorization = bank.post("/v1/authorizations", CHARGE, key=key).json()["id"]
    answer = bank.move(authorization, "capture", key=key)
    assert (answer.status_code, reason(answer)) == (409, "IDEMPOTENCY_KEY_REUSED")


@pytest.mark.parametrize("unknown", [UNKNOWN, "x", "%00", "auth_" + "f" * 500])
def test_an_unknown_authorization_is_not_found(bank, unknown):
    for answer in (bank.get(f"/v1/authorizations/{unknown}"), bank.move(unknown, "void", key="k2")):
        assert (answer.status_code, reason(answer)) == (404, "AUTHORIZATION_NOT_FOUND")


def test_money_that_was_taken_can_not_be_let_go(bank):
    authorization = bank.authorize(str(uuid.uuid4())).json()["id"]
    bank.move(authorization, "capture")
    answer = bank.move(authorization, "void")
    assert (answer.status_code, reason(answer)) == (400, "AUTHORIZATION_NOT_OPEN")
    assert answer.json()["details"][0]["metadata"]["state"] == "CAPTURED"


def test_money_that_was_not_taken_can_not_be_given_back(bank):
    authorization = bank.authorize(str(uuid.uuid4())).json()["id"]
    assert reason(bank.move(authorization, "refund")) == "AUTHORIZATION_NOT_CAPTURED"


def test_part_of_an_amount_can_not_be_captured(bank):
    authorization = bank.authorize(str(uuid.uuid4())).json()["id"]
    answer = bank.post(f"/v1/authorizations/{authorization}/capture", {"amountCents": 1}, key="part")
    assert reason(answer) == "FIELD_UNKNOWN"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"after": "-1"}, "FIELD_INVALID"),
        ({"after": str(2**63)}, "FIELD_INVALID"),
        ({"after": "\u0663"}, "FIELD_INVALID"),
        ({"pageSize": "1001"}, "PAGE_SIZE_INVALID"),
    ],
)
def test_a_page_that_makes_no_sense_is_refused(bank, query, expected):
    answer = bank.get("/v1/ledger", **query)
    assert (answer.status_code, reason(answer)) == (400, expected)


@pytest.mark.parametrize("header", ["", "Bearer wrong", "Bearer", "Basic a2V5"])
@pytest.mark.parametrize("path", ["/v1/authorizations?idempotencyKey=k", "/v1/ledger", "/v1/ledger/balance"])
def test_strangers_are_turned_away(bank, path, header):
    headers = {"Authorization": header} if header else {}
    answer = requests.get(bank.url + path, headers=headers, timeout=10)
    assert (answer.status_code, reason(answer)) == (401, "API_KEY_INVALID")


def test_a_stranger_can_not_charge_a_card(bank):
    answer = requests.post(f"{bank.url}/v1/authorizations", json=CHARGE, timeout=10)
    assert (answer.status_code, reason(answer)) == (401, "API_KEY_INVALID")
