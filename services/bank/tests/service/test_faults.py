import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from services.bank.tests.service.conftest import reason
from tests.support.waiting import wait_until

NO_FAULTS = {"delaySeconds": 0, "down": False, "errorShare": 0}
DELAY = 0.3
MAX_DELAYED = 48


@pytest.fixture
def reference():
    return str(uuid.uuid4())


@pytest.fixture(autouse=True)
def _clear_faults(bank):
    yield
    bank.clear_faults()


def seconds_of(call):
    started = time.monotonic()
    call()
    return time.monotonic() - started


def test_there_are_no_faults_at_first(bank):
    assert bank.get("/v1/faults").json() == NO_FAULTS


def test_new_faults_are_returned_and_replace_the_previous_ones(bank):
    assert bank.set_faults(down=True, errorShare=0.5).json() == NO_FAULTS | {"down": True, "errorShare": 0.5}
    assert bank.set_faults(delaySeconds=1.5).json() == NO_FAULTS | {"delaySeconds": 1.5}
    assert bank.get("/v1/faults").json() == NO_FAULTS | {"delaySeconds": 1.5}
    assert bank.clear_faults().json() == bank.get("/v1/faults").json() == NO_FAULTS


def test_a_bank_that_is_down_answers_every_call_with_503_and_moves_nothing(bank, reference):
    bank.set_faults(down=True)
    for response in (
        bank.authorize(reference),
        bank.get("/v1/authorizations", idempotencyKey=reference),
        bank.get("/v1/ledger"),
        bank.get("/v1/tokens/test-cards"),
        requests.get(f"{bank.url}/v1/ledger/balance", timeout=10),
    ):
        assert (response.status_code, reason(response)) == (503, "BANK_DOWN")
    bank.clear_faults()
    assert bank.entries(reference) == []


def test_the_health_endpoints_succeed_while_the_bank_is_down(bank):
    bank.set_faults(down=True)
    for page in ("/livez", "/readyz", "/metrics"):
        assert requests.get(bank.admin_url + page, timeout=10).status_code == 200


def test_a_slow_bank_takes_effect_at_once_and_answers_late(bank, reference):
    bank.set_faults(delaySeconds=DELAY)
    assert seconds_of(lambda: bank.authorize(reference)) >= DELAY
    with pytest.raises(requests.ReadTimeout):
        requests.post(
            f"{bank.url}/v1/authorizations",
            json={"amountCents": 1, "currency": "USD", "token": "tok_visa", "reference": f"{reference}-late"},
            headers={**bank.session.headers, "Idempotency-Key": f"{reference}-late"},
            timeout=DELAY / 2,
        )
    bank.clear_faults()
    assert len(bank.entries(f"{reference}-late")) == 1


def test_a_slow_bank_delays_rejections_too(bank, reference):
    bank.set_faults(delaySeconds=DELAY)
    assert seconds_of(lambda: bank.authorize(reference, card="tok_declined")) >= DELAY


def test_a_bank_that_is_down_and_slow_rejects_at_once(bank):
    bank.set_faults(down=True, delaySeconds=60)
    assert bank.get("/v1/ledger").status_code == 503


def test_clearing_the_faults_sends_the_delayed_responses(bank, reference):
    bank.set_faults(delaySeconds=60)
    before = operations(bank)
    with ThreadPoolExecutor(1) as pool:
        response = pool.submit(bank.authorize, reference)
        wait_until(lambda: operations(bank) > before)
        assert not response.done()
        bank.clear_faults()
        assert response.result(timeout=10).status_code == 201


def operations(bank):
    """Return how many operations the metrics count."""
    page = requests.get(f"{bank.admin_url}/metrics", timeout=10).text
    return sum(
        float(line.split()[-1])
        for line in page.splitlines()
        if line.startswith("market_bank_operations_total{")
    )


def test_the_faults_can_be_cleared_even_if_many_calls_are_delayed(bank):
    bank.set_faults(delaySeconds=60)
    with ThreadPoolExecutor(4 * MAX_DELAYED) as pool:
        responses = [
            pool.submit(requests.get, f"{bank.url}/v1/tokens/test-cards") for _ in range(2 * MAX_DELAYED)
        ]
        wait_until(lambda: sum(response.done() for response in responses) >= MAX_DELAYED)
        assert bank.clear_faults().json() == NO_FAULTS
        found = [response.result(timeout=10) for response in responses]
    assert sorted(response.status_code for response in found) == [200] * MAX_DELAYED + [503] * MAX_DELAYED
    assert {reason(response) for response in found if response.status_code == 503} == {"BANK_BUSY"}


def test_a_flaky_bank_fails_before_the_effect_or_loses_the_response_after_it(bank, reference):
    bank.set_faults(errorShare=1)
    rejected: list[str] = []
    lost: list[str] = []
    while not (rejected and lost):
        name = f"{reference}-{len(rejected)}-{len(lost)}"
        try:
            response = bank.authorize(name)
            assert (response.status_code, reason(response)) == (503, "BANK_FLAKY")
            rejected.append(name)
        except requests.ConnectionError:
            lost.append(name)
    bank.clear_faults()
    assert {len(bank.entries(name)) for name in rejected} == {0}
    assert {len(bank.entries(name)) for name in lost} == {1}


def test_only_a_share_of_the_calls_to_a_flaky_bank_fails(bank):
    bank.set_faults(errorShare=0.5)
    seen: set[object] = set()
    while len(seen) < 3:
        try:
            seen.add(bank.get("/v1/ledger/balance").status_code)
        except requests.ConnectionError:
            seen.add("lost")
    assert seen == {200, 503, "lost"}


def test_a_restart_clears_the_faults(make_bank):
    run = make_bank()
    with run() as before:
        before.set_faults(down=True)
    with run() as after:
        assert after.get("/v1/faults").json() == NO_FAULTS


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"delaySeconds": -1}, "FAULTS_INVALID"),
        ({"delaySeconds": 61}, "FAULTS_INVALID"),
        ({"delaySeconds": 10**400}, "FAULTS_INVALID"),
        ({"delaySeconds": float("nan")}, "FAULTS_INVALID"),
        ({"errorShare": 1.1}, "FAULTS_INVALID"),
        ({"delaySeconds": "2"}, "FIELD_INVALID"),
        ({"delaySeconds": True}, "FIELD_INVALID"),
        ({"down": 1}, "FIELD_INVALID"),
        ({"down": None}, "FIELD_INVALID"),
        ({"broke": True}, "FIELD_UNKNOWN"),
    ],
)
def test_invalid_faults_are_rejected_and_change_nothing(bank, wrong, expected):
    bank.set_faults(down=True)
    headers = {"Content-Type": "application/json"}
    response = bank.session.put(f"{bank.url}/v1/faults", data=json.dumps(wrong), headers=headers, timeout=10)
    assert (response.status_code, reason(response)) == (400, expected)
    assert bank.get("/v1/faults").json() == NO_FAULTS | {"down": True}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_the_faults_need_the_api_key(bank, method):
    response = requests.request(method, f"{bank.url}/v1/faults", json={}, timeout=10)
    assert (response.status_code, reason(response)) == (401, "API_KEY_INVALID")
