import time
from uuid import uuid4

import pytest

from chassis.errors import Unavailable
from messaging.nats import Message
from tests.support.servers import connected, own_broker

BOWL = "kintsugi-bowl"


@pytest.fixture
def nowhere(free_port):
    """An address where nobody answers."""
    return f"127.0.0.1:{free_port()}"


def test_without_the_catalogue_checkout_goes_on_and_no_edit_happens_by_halves(
    buyer, run_cart, another, nowhere
):
    buyer.adds(BOWL, 3)
    with run_cart(catalog_addr=nowhere) as opened:
        cut_off = another(opened, buyer.account_id)
        calls = [cut_off.sees, lambda: cut_off.adds(BOWL), lambda: cut_off.sets(BOWL, 1),
                 lambda: cut_off.removes(BOWL)]  # fmt: skip
        for call in calls:
            with pytest.raises(Unavailable) as refused:
                call()
            assert refused.value.reason == "UPSTREAM_UNAVAILABLE"
        assert cut_off.contents() == {BOWL: 3}
        cut_off.has_bought("order-1", **{BOWL: 1})
    assert buyer.contents() == {BOWL: 2}


def test_without_the_broker_every_call_is_answered_at_once_and_says_why(run_cart, another, nowhere):
    with run_cart(nats_url=f"nats://{nowhere}", wait=False) as opened:
        cut_off = another(opened, str(uuid4()))
        calls = [cut_off.sees, lambda: cut_off.adds(BOWL), lambda: cut_off.removes(BOWL), cut_off.contents,
                 lambda: cut_off.has_bought("order-1", **{BOWL: 1})]  # fmt: skip
        begun = time.monotonic()
        for call in calls:
            with pytest.raises(Unavailable) as refused:
                call()
            assert refused.value.reason == "BROKER_UNAVAILABLE"
        assert time.monotonic() - begun < 2


def test_an_edit_that_finds_no_room_in_the_broker_is_an_outage_and_changes_nothing(
    run_cart, another, tmp_path
):
    broker = own_broker(tmp_path, max_file_store=50_000)
    with broker.run(), run_cart(nats_url=broker.url) as opened:
        buyer = another(opened, str(uuid4()))
        buyer.adds(BOWL, 3)
        fill(broker)
        for edit in (lambda: buyer.adds(BOWL), lambda: buyer.removes(BOWL), lambda: buyer.sets(BOWL, 1)):
            with pytest.raises(Unavailable) as refused:
                edit()
            assert refused.value.reason == "BROKER_UNAVAILABLE"
        assert buyer.contents() == {BOWL: 3}


def fill(broker):
    """Leaves no room in the broker."""
    with connected(broker.url) as bus, pytest.raises(Unavailable):
        assert bus.wait_until_ready(10)
        while True:
            bus.publish([Message("market.test.filler", b"x" * 1000, str(uuid4()))])
