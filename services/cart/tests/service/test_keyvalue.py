import shutil
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from cart.keyvalue import KeyValue
from chassis.errors import Unavailable
from tests.support.nats import connected
from tests.support.waiting import wait_until


def answers(bucket):
    """Return whether NATS responds."""
    try:
        bucket.check()
    except Unavailable:
        return False
    return True


@pytest.fixture
def name():
    return f"test-{uuid4()}"


@pytest.fixture
def bucket(nats, name):
    return KeyValue(nats, name)


def count_up(value):
    return str(int(value or b"0") + 1).encode()


def test_a_key_that_was_never_written_has_no_value(bucket):
    assert bucket.get("nothing") is None


def test_a_change_gets_the_value_of_the_previous_change(bucket):
    for _ in range(3):
        bucket.change("count", count_up)
    assert bucket.get("count") == b"3"


def test_a_change_can_leave_the_value_unchanged(bucket):
    bucket.change("count", count_up)
    bucket.change("count", lambda value: None)
    assert bucket.get("count") == b"1"


def test_an_exception_of_a_change_is_raised_and_nothing_is_written(bucket):
    with pytest.raises(ValueError, match="not a number"):
        bucket.change("count", lambda value: _fail())
    assert bucket.get("count") is None


def _fail():
    raise ValueError("not a number")


def test_fifty_concurrent_changes_of_two_processes_all_take_effect(bucket, name, nats_url):
    with connected(nats_url) as other_nats, ThreadPoolExecutor(50) as threads:
        assert other_nats.wait_until_ready(10)
        other = KeyValue(other_nats, name)
        list(threads.map(lambda turn: (bucket, other)[turn % 2].change("count", count_up), range(50)))
    assert bucket.get("count") == b"50"


def test_a_key_that_an_operator_deleted_can_be_written_again(nats, bucket, name):
    bucket.change("count", count_up)
    nats.run(_deleted(nats, name))
    assert bucket.get("count") is None
    bucket.change("count", count_up)
    assert bucket.get("count") == b"1"


async def _deleted(nats, name):
    await (await nats.jetstream.key_value(name)).delete("count")


def test_a_change_that_is_always_overtaken_fails(bucket, name, nats_url):
    with connected(nats_url) as other_nats:
        assert other_nats.wait_until_ready(10)
        other = KeyValue(other_nats, name)

        def change_overtaken(value):
            other.change("count", count_up)
            return b"0"

        with pytest.raises(Unavailable) as error:
            bucket.change("count", change_overtaken)
    assert error.value.reason == "KEY_BUSY"


def test_values_survive_a_restart_of_nats(nats_server):
    with connected(nats_server.url) as nats:
        bucket = KeyValue(nats, "test")
        with nats_server.run():
            wait_until(lambda: answers(bucket))
            bucket.change("count", count_up)
        with pytest.raises(Unavailable):
            bucket.get("count")
        with nats_server.run():
            wait_until(lambda: answers(bucket))
            assert wait_until(lambda: bucket.get("count")) == b"1"


def test_a_bucket_is_created_again_if_nats_lost_its_files(nats_server, tmp_path):
    with connected(nats_server.url) as nats:
        bucket = KeyValue(nats, "test")
        with nats_server.run():
            wait_until(lambda: answers(bucket))
            bucket.change("count", count_up)
        shutil.rmtree(tmp_path / "jetstream")
        with nats_server.run():
            wait_until(lambda: _changed(bucket))
            assert bucket.get("count") == b"1"


def _changed(bucket):
    try:
        bucket.change("count", count_up)
    except Unavailable:
        return False
    return True
