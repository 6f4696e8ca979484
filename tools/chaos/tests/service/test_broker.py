"""Filling a real broker."""

import asyncio
import secrets
import signal

import nats
import pytest
from nats.js.api import StreamConfig
from nats.js.errors import ServiceUnavailableError

from laptop.nats import Broker, accepts_connections, server_command
from laptop.throwaway import Server, free_port, running, temporary_folder
from tools.chaos.broker import filled


@pytest.fixture(scope="module")
def small_broker():
    """The URL of a broker with room for 8 MiB."""
    with temporary_folder("market-nats-") as folder:
        broker = Broker(free_port(), secrets.token_hex(8), folder / "jetstream", storage=8 << 20)
        configuration = folder / "nats.conf"
        configuration.write_text(broker.configuration())
        server = Server(
            command=server_command(configuration), folder=folder, stop_signal=signal.SIGKILL, identity={},
            is_ready=lambda: accepts_connections(broker.port),
        )  # fmt: skip
        with running(server):
            yield broker.url


def sent(url, payload=b"a message"):
    async def send():
        client = await nats.connect(url)
        jetstream = client.jetstream()
        await jetstream.add_stream(StreamConfig(name="MARKET", subjects=["market.>"]))
        try:
            return (await jetstream.publish("market.test", payload)).stream
        finally:
            await client.close()

    return asyncio.run(send())


def test_a_full_broker_takes_nothing_more(small_broker):
    assert sent(small_broker) == "MARKET"
    with filled(small_broker), pytest.raises(ServiceUnavailableError):
        sent(small_broker)


def test_a_broker_that_was_full_takes_messages_again(small_broker):
    with filled(small_broker):
        pass
    assert sent(small_broker) == "MARKET"
