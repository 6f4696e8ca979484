"""Faults in a small stack with the real servers, and how they are reverted."""

import asyncio
import secrets
import signal
from concurrent.futures import ThreadPoolExecutor

import nats
import psutil
import psycopg
import pytest
from nats.js.api import StreamConfig
from nats.js.errors import ServiceUnavailableError

from laptop.ephemeral import Server, free_port, temporary_folder
from laptop.ephemeral import running as running_server
from laptop.stack import NatsServer
from laptop.status import require_running
from laptop.tests.small_stack import SmallStack
from tests.support.waiting import wait_until
from tools.chaos.injector import Injector, full_storage
from tools.chaos.schedule import Fault, Kind
from tools.chaos.stack import fault_proxies

TIMEOUT = 30.0  # seconds


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """Runs a stack, and gives it with its supervisord."""
    small = SmallStack(tmp_path_factory.mktemp("chaos") / "small stack")
    small.up()
    stack, supervisor = require_running(small.state_dir)
    yield stack, supervisor
    supervisor.close()
    small.run("reset", "--yes")


@pytest.fixture
def stack(running):
    return running[0]


@pytest.fixture
def process(running):
    """Finds the process of a program."""
    _, supervisor = running
    return lambda name: psutil.Process(next(one.pid for one in supervisor.processes() if one.name == name))


@pytest.fixture
def injector(stack):
    with fault_proxies(stack) as proxies:
        yield Injector(stack, proxies)


def is_paused(process):
    return process.status() == psutil.STATUS_STOPPED


def accepts_queries(stack):
    try:
        psycopg.connect(stack.database_url("postgres", "postgres"), connect_timeout=1).close()
    except psycopg.Error:
        return False
    return True


@pytest.mark.parametrize("name", ["catalog", "notifications", "gateway", "postgres"])
def test_a_killed_program_is_back_at_the_end_of_the_fault(injector, process, name):
    before = process(name)
    injector.inject(Fault(0, 0.2, Kind.KILL, name))
    assert not before.is_running()
    assert process(name).is_running()
    assert injector.violations == []


def test_the_database_accepts_queries_again_after_the_death_of_a_backend(injector, stack):
    with psycopg.connect(stack.database_url("postgres", "postgres")) as connection:
        injector.inject(Fault(0, 0.2, Kind.KILL_BACKEND, "postgres"))
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    assert accepts_queries(stack)


@pytest.mark.parametrize("name", ["catalog", "postgres"])
def test_a_paused_program_continues_at_the_end_of_the_fault(injector, process, name):
    injector.inject(Fault(0, 0.2, Kind.PAUSE, name))
    assert not is_paused(process(name))


def test_a_fault_waits_for_an_earlier_one_at_the_same_target(injector):
    faults = [Fault(0, 0.2, Kind.KILL, "bank"), Fault(0, 0.2, Kind.PAUSE, "bank")]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(injector.inject, faults))
    first, second = injector.log
    assert second.start >= first.end


def test_an_active_fault_is_listed_and_ends_if_the_injector_stops(injector, process):
    target = process("catalog")
    fault = Fault(0, 600.0, Kind.PAUSE, "catalog")
    with ThreadPoolExecutor(1) as pool:
        injected = pool.submit(injector.inject, fault)
        wait_until(lambda: is_paused(target), TIMEOUT)
        assert injector.active() == [fault]
        injector.stop()
        injected.result(TIMEOUT)
    assert injector.active() == []
    assert not is_paused(target)


@pytest.fixture(scope="module")
def small_nats():
    """The URL of a NATS server with 8 MiB of storage."""
    with temporary_folder("chaos-nats-") as folder:
        broker = NatsServer(free_port(), secrets.token_hex(8), folder / "jetstream", storage=8 << 20)
        configuration = folder / "nats.conf"
        configuration.write_text(broker.configuration())
        server = Server(
            command=broker.command(configuration), folder=folder, stop_signal=signal.SIGKILL, identity={},
            is_ready=broker.accepts_connections,
        )  # fmt: skip
        with running_server(server):
            yield broker.url


def publish(url):
    """Publish a message and return the name of its stream."""

    async def send():
        async with await nats.connect(url) as client:
            jetstream = client.jetstream()
            await jetstream.add_stream(StreamConfig(name="MARKET", subjects=["market.>"]))
            return (await jetstream.publish("market.test", b"a message")).stream

    return asyncio.run(send())


def test_nats_rejects_messages_while_its_storage_is_full_and_accepts_them_again(small_nats):
    assert publish(small_nats) == "MARKET"
    with full_storage(small_nats), pytest.raises(ServiceUnavailableError):
        publish(small_nats)
    assert publish(small_nats) == "MARKET"
