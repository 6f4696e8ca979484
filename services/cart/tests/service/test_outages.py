import time
from uuid import uuid4

import pytest

from chassis.errors import Unavailable
from tests.support.nats import connected, fill_store
from tests.support.servers import restartable_nats

BOWL = "kintsugi-bowl"


@pytest.fixture
def unused_address(free_port):
    """An address without a listener."""
    return f"127.0.0.1:{free_port()}"


def test_without_the_catalog_checkout_works_and_no_edit_takes_effect(
    buyer, run_cart, another, unused_address
):
    buyer.add(BOWL, 3)
    with run_cart(catalog_addr=unused_address) as opened:
        client = another(opened, buyer.account_id)
        calls = [client.get, lambda: client.add(BOWL), lambda: client.set(BOWL, 1),
                 lambda: client.remove(BOWL)]  # fmt: skip
        for call in calls:
            with pytest.raises(Unavailable) as error:
                call()
            assert error.value.reason == "UPSTREAM_UNAVAILABLE"
        assert client.contents() == {BOWL: 3}
        client.remove_bought("order-1", **{BOWL: 1})
    assert buyer.contents() == {BOWL: 2}


def test_without_nats_every_call_fails_at_once_with_a_reason(run_cart, another, unused_address):
    with run_cart(nats_url=f"nats://{unused_address}", wait=False) as opened:
        client = another(opened, str(uuid4()))
        calls = [client.get, lambda: client.add(BOWL), lambda: client.remove(BOWL), client.contents,
                 lambda: client.remove_bought("order-1", **{BOWL: 1})]  # fmt: skip
        started = time.monotonic()
        for call in calls:
            with pytest.raises(Unavailable) as error:
                call()
            assert error.value.reason == "BROKER_UNAVAILABLE"
        assert time.monotonic() - started < 2


def test_an_edit_that_exceeds_the_storage_of_nats_is_an_outage_and_changes_nothing(
    run_cart, another, tmp_path
):
    nats_server = restartable_nats(tmp_path, max_file_store=50_000)
    with nats_server.run(), run_cart(nats_url=nats_server.url) as opened:
        buyer = another(opened, str(uuid4()))
        buyer.add(BOWL, 3)
        with connected(nats_server.url) as nats:
            assert nats.wait_until_ready(10)
            fill_store(nats)
        for edit in (lambda: buyer.add(BOWL), lambda: buyer.remove(BOWL), lambda: buyer.set(BOWL, 1)):
            with pytest.raises(Unavailable) as error:
                edit()
            assert error.value.reason == "BROKER_UNAVAILABLE"
        assert buyer.contents() == {BOWL: 3}
