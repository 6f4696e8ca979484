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
def test_an_invalid_card_is_rejected_with_a_reason(bank, wrong, expected):
    response = bank.post("/v1/tokens", {**CARD, **wrong})
    assert (response.status_code, reason(response)) == (400, expected)


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"amountCents": 0}, "AMOUNT_INVALID"),
        ({"amountCents": -1}, "AMOUNT_INVALID"),
        ({"amountCents": 10**30}, "AMOUNT_INVALID"),
        ({"amountCents": 1.5}, "FIELD_INVALID"),
        ({"amountCents": True}, "FIELD_INVALID"),
        ({"currency": "EUR"}, "CURRENCY_INVALID"),
        ({"token": "tok_unknown"}, "TOKEN_UNKNOWN"),
        ({"token": "\0\ud800"}, "TOKEN_UNKNOWN"),
        ({"reference": ""}, "REFERENCE_INVALID"),
        ({"reference": "a\0b"}, "REFERENCE_INVALID"),
    ],
)
def test_an_invalid_charge_is_rejected_with_a_reason(bank, wrong, expected):
    response = bank.post("/v1/authorizations", {**CHARGE, **wrong}, key=str(uuid.uuid4()))
    assert (response.status_code, reason(response)) == (400, expected)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"[" * 60_000, b'{"amountCents": NaN}', b"\xff"])
def test_a_body_that_is_not_an_object_is_rejected(bank, body):
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    response = bank.session.post(f"{bank.url}/v1/authorizations", data=body, headers=headers, timeout=10)
    assert response.status_code == 400
    assert reason(response) in ("JSON_INVALID", "FIELD_INVALID", "FIELD_MISSING")


def test_a_request_without_a_key_is_rejected(bank):
    assert reason(bank.post("/v1/authorizations", CHARGE)) == "IDEMPOTENCY_KEY_MISSING"


def test_a_key_that_is_too_long_is_rejected(bank):
    assert reason(bank.post("/v1/authorizations", CHARGE, key="k" * 129)) == "IDEMPOTENCY_KEY_INVALID"


def test_a_key_is_rejected_for_another_charge(bank):
    key = str(uuid.uuid4())
    bank.post("/v1/authorizations", CHARGE, key=key)
    response = bank.post("/v1/authorizations", {**CHARGE, "amountCents": 101}, key=key)
    assert (response.status_code, reason(response)) == (409, "IDEMPOTENCY_KEY_REUSED")


def test_a_key_is_rejected_for_another_operation(bank):
    key = str(uuid.uuid4())
    authorization = bank.post("/v1/authorizations", CHARGE, key=key).json()["id"]
    response = bank.move(authorization, "capture", key=key)
    assert (response.status_code, reason(response)) == (409, "IDEMPOTENCY_KEY_REUSED")


@pytest.mark.parametrize("unknown", [UNKNOWN, "x", "%00", "auth_" + "f" * 500])
def test_an_unknown_authorization_is_not_found(bank, unknown):
    for response in (bank.get(f"/v1/authorizations/{unknown}"), bank.move(unknown, "void", key="k2")):
        assert (response.status_code, reason(response)) == (404, "AUTHORIZATION_NOT_FOUND")


def test_captured_money_cannot_be_voided(bank):
    authorization = bank.authorize(str(uuid.uuid4())).json()["id"]
    bank.move(authorization, "capture")
    response = bank.move(authorization, "void")
    assert (response.status_code, reason(response)) == (400, "AUTHORIZATION_NOT_OPEN")
    assert response.json()["details"][0]["metadata"]["state"] == "CAPTURED"


def test_money_that_is_not_captured_cannot_be_refunded(bank):
    authorization = bank.authorize(str(uuid.uuid4())).json()["id"]
    assert reason(bank.move(authorization, "refund")) == "AUTHORIZATION_NOT_CAPTURED"


def test_a_partial_capture_is_rejected(bank):
    authorization = bank.authorize(str(uuid.uuid4())).json()["id"]
    response = bank.post(f"/v1/authorizations/{authorization}/capture", {"amountCents": 1}, key="part")
    assert reason(response) == "FIELD_UNKNOWN"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"after": "-1"}, "FIELD_INVALID"),
        ({"after": str(2**63)}, "FIELD_INVALID"),
        ({"after": "\u0663"}, "FIELD_INVALID"),
        ({"pageSize": "1001"}, "PAGE_SIZE_INVALID"),
    ],
)
def test_invalid_paging_parameters_are_rejected(bank, query, expected):
    response = bank.get("/v1/ledger", **query)
    assert (response.status_code, reason(response)) == (400, expected)


@pytest.mark.parametrize("header", ["", "Bearer wrong", "Bearer", "Basic a2V5"])
@pytest.mark.parametrize("path", ["/v1/authorizations?idempotencyKey=k", "/v1/ledger", "/v1/ledger/balance"])
def test_a_call_without_the_api_key_is_rejected(bank, path, header):
    headers = {"Authorization": header} if header else {}
    response = requests.get(bank.url + path, headers=headers, timeout=10)
    assert (response.status_code, reason(response)) == (401, "API_KEY_INVALID")


def test_a_card_cannot_be_charged_without_the_api_key(bank):
    response = requests.post(f"{bank.url}/v1/authorizations", json=CHARGE, timeout=10)
    assert (response.status_code, reason(response)) == (401, "API_KEY_INVALID")
