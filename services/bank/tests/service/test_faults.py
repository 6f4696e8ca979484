import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from chassis.testing import eventually
from services.bank.tests.service.conftest import reason

WELL = {"delaySeconds": 0, "down": False, "errorShare": 0}
LATE = 0.3
MOST_LATE = 48


@pytest.fixture
def reference():
    return str(uuid.uuid4())


@pytest.fixture(autouse=True)
def _well_again(bank):
    yield
    bank.be_well()


def seconds_of(call):
    started = time.monotonic()
    call()
    return time.monotonic() - started


def test_a_bank_is_well_at_first(bank):
    assert bank.get("/v1/faults").json() == WELL


def test_what_is_put_in_force_is_told_and_replaces_all_that_was(bank):
    assert bank.be(down=True, errorShare=0.5).json() == WELL | {"down": True, "errorShare": 0.5}
    assert bank.be(delaySeconds=1.5).json() == WELL | {"delaySeconds": 1.5}
    assert bank.get("/v1/faults").json() == WELL | {"delaySeconds": 1.5}
    assert bank.be_well().json() == bank.get("/v1/faults").json() == WELL


def test_a_bank_that_is_down_answers_every_call_with_503_and_moves_nothing(bank, reference):
    bank.be(down=True)
    for answer in (
        bank.authorize(reference),
        bank.get("/v1/authorizations", idempotencyKey=reference),
        bank.get("/v1/ledger"),
        bank.get("/v1/tokens/test-cards"),
        requests.get(f"{bank.url}/v1/ledger/balance", timeout=10),
    ):
        assert (answer.status_code, reason(answer)) == (503, "BANK_DOWN")
    bank.be_well()
    assert bank.entries(reference) == []


def test_who_runs_the_bank_sees_it_healthy_while_it_is_down(bank):
    bank.be(down=True)
    for page in ("/livez", "/readyz", "/metrics"):
        assert requests.get(bank.admin_url + page, timeout=10).status_code == 200


def test_a_slow_bank_takes_effect_at_once_and_answers_late(bank, reference):
    bank.be(delaySeconds=LATE)
    assert seconds_of(lambda: bank.authorize(reference)) >= LATE
    with pytest.raises(requests.ReadTimeout):
        requests.post(
            f"{bank.url}/v1/authorizations",
            json={"amountCents": 1, "currency": "USD", "token": "tok_visa", "reference": f"{reference}-late"},
            headers={**bank.session.headers, "Idempotency-Key": f"{reference}-late"},
            timeout=LATE / 2,
        )
    bank.be_well()
    assert len(bank.entries(f"{reference}-late")) == 1


def test_a_slow_bank_is_slow_to_refuse_as_well(bank, reference):
    bank.be(delaySeconds=LATE)
    assert seconds_of(lambda: bank.authorize(reference, card="tok_declined")) >= LATE


def test_a_bank_that_is_down_and_slow_refuses_at_once(bank):
    bank.be(down=True, delaySeconds=60)
    assert bank.get("/v1/ledger").status_code == 503


def test_a_bank_that_becomes_well_lets_go_of_the_answers_that_it_held_back(bank, reference):
    bank.be(delaySeconds=60)
    before = operations(bank)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(bank.authorize, reference)
        eventually(lambda: operations(bank) > before)
        assert not answer.done()
        bank.be_well()
        assert answer.result(timeout=10).status_code == 201


def operations(bank):
    """How often money has moved, as who runs the bank sees it."""
    page = requests.get(f"{bank.admin_url}/metrics", timeout=10).text
    return sum(
        float(line.split()[-1])
        for line in page.splitlines()
        if line.startswith("market_bank_operations_total{")
    )


def test_however_many_wait_the_bank_can_be_told_to_be_well(bank):
    bank.be(delaySeconds=60)
    with ThreadPoolExecutor(4 * MOST_LATE) as pool:
        answers = [
            pool.submit(requests.get, f"{bank.url}/v1/tokens/test-cards") for _ in range(2 * MOST_LATE)
        ]
        eventually(lambda: sum(answer.done() for answer in answers) >= MOST_LATE)
        assert bank.be_well().json() == WELL
        found = [answer.result(timeout=10) for answer in answers]
    assert sorted(answer.status_code for answer in found) == [200] * MOST_LATE + [503] * MOST_LATE
    assert {reason(answer) for answer in found if answer.status_code == 503} == {"BANK_BUSY"}


def test_a_flaky_bank_fails_before_the_effect_or_loses_the_answer_after_it(bank, reference):
    bank.be(errorShare=1)
    refused: list[str] = []
    lost: list[str] = []
    while not (refused and lost):
        name = f"{reference}-{len(refused)}-{len(lost)}"
        try:
            answer = bank.authorize(name)
            assert (answer.status_code, reason(answer)) == (503, "BANK_FLAKY")
            refused.append(name)
        except requests.ConnectionError:
            lost.append(name)
    bank.be_well()
    assert {len(bank.entries(name)) for name in refused} == {0}
    assert {len(bank.entries(name)) for name in lost} == {1}


def test_a_share_of_a_flaky_banks_calls_is_answered(bank):
    bank.be(errorShare=0.5)
    seen: set[object] = set()
    while len(seen) < 3:
        try:
            seen.add(bank.get("/v1/ledger/balance").status_code)
        except requests.ConnectionError:
            seen.add("lost")
    assert seen == {200, 503, "lost"}


def test_a_bank_that_is_started_again_is_well(make_bank):
    run = make_bank()
    with run() as before:
        before.be(down=True)
    with run() as after:
        assert after.get("/v1/faults").json() == WELL


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
def test_faults_that_make_no_sense_are_refused_and_change_nothing(bank, wrong, expected):
    bank.be(down=True)
    headers = {"Content-Type": "application/json"}
    answer = bank.session.put(f"{bank.url}/v1/faults", data=json.dumps(wrong), headers=headers, timeout=10)
    assert (answer.status_code, reason(answer)) == (400, expected)
    assert bank.get("/v1/faults").json() == WELL | {"down": True}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_stranger_can_not_make_the_bank_ill_or_well(bank, method):
    answer = requests.request(method, f"{bank.url}/v1/faults", json={}, timeout=10)
    assert (answer.status_code, reason(answer)) == (401, "API_KEY_INVALID")
