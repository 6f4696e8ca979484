"""Carts while the storage of NATS is full."""

import pytest

from cart.keyvalue import KeyValue
from chassis.errors import Unavailable
from tests.support.nats import STORE_BYTES, connected, fill_store, free_store, full_disk, needs_rlimit
from tests.support.servers import restartable_nats
from tests.support.waiting import wait_until


@pytest.fixture
def small_nats(tmp_path):
    """A connection to a running NATS server with little storage."""
    nats_server = restartable_nats(tmp_path, max_file_store=STORE_BYTES)
    with nats_server.run(), connected(nats_server.url) as nats:
        assert nats.wait_until_ready(10)
        yield nats


def writes(bucket, value):
    """Return whether NATS accepts the value."""
    try:
        bucket.change("ada", lambda _: value)
    except Unavailable as error:
        assert error.reason == "BROKER_UNAVAILABLE"
        return False
    return True


def test_a_value_that_exceeds_the_storage_is_an_outage_and_the_old_value_stays(small_nats):
    carts = KeyValue(small_nats, "test")
    carts.change("ada", lambda _: b"tea")
    fill_store(small_nats)
    for key in ("ada", "bob"):
        with pytest.raises(Unavailable) as failure:
            carts.change(key, lambda _: b"tea and cups")
        assert failure.value.reason == "BROKER_UNAVAILABLE"
    assert carts.get("ada") == b"tea"
    free_store(small_nats)
    wait_until(lambda: writes(carts, b"cups"))
    assert carts.get("ada") == b"cups"


@needs_rlimit
def test_a_full_disk_is_an_outage(nats_server):
    with nats_server.run(), connected(nats_server.url) as nats:
        assert nats.wait_until_ready(10)
        with full_disk(nats_server), pytest.raises(Unavailable) as failure:
            KeyValue(nats, "test").change("ada", lambda _: b"tea")
    assert failure.value.reason == "BROKER_UNAVAILABLE"
