"""A consumer for tests that pause or kill its process. Its arguments are SERVICE FOLDER POSITION.

POSITION is `before` or `after` the commit of an event. There the process creates the file `started` in the folder and
waits until the file `may-finish` exists.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import messaging.consumer
from chassis.config import ServiceConfig, load
from chassis.lifecycle import Service
from chassis.postgres import Connection, add_database
from messaging.consumer import add_consumer
from messaging.events import Event
from messaging.nats import add_nats
from tests.support.waiting import wait_until

COMMAND = [sys.executable, "-m", "libs.messaging.tests.service.consumer_process"]
ACK_WAIT_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True)
class Config(ServiceConfig):
    service: ClassVar[str] = "example"

    database_url: str
    nats_url: str


def build_service(config: Config, folder: Path, position: str) -> Service:
    """Build the service with the same wiring as the real ones."""
    service = Service(config)
    database = add_database(service, config.database_url)

    def wait_at(current: str) -> None:
        if current == position:
            (folder / "started").touch()
            wait_until((folder / "may-finish").exists, timeout=120)

    def count(connection: Connection, event: Event) -> None:
        connection.execute(
            "INSERT INTO effects VALUES (%s, 1) ON CONFLICT (name) DO UPDATE SET times = effects.times + 1",
            (event.data["name"],),
        )
        wait_at("before")

    nats = add_nats(service, config.nats_url)
    handlers = {f"market.{config.service}.sold": count}
    add_consumer(service, nats, database, handlers, after_commit=lambda: wait_at("after"))
    return service


if __name__ == "__main__":
    Config.service = sys.argv[1]
    messaging.consumer._ACK_WAIT_SECONDS = ACK_WAIT_SECONDS
    build_service(load(Config), Path(sys.argv[2]), sys.argv[3]).run()
