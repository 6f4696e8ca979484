"""A service that listens to what is sold, for tests that stop it: python listener.py STALL FOLDER PLACE.

At this place of handling an event, "before" or "after" the commit, it leaves word in the folder, and stays until the
folder says that it may finish.
"""

import sys
import time
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

ACK_WAIT_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True)
class Config(ServiceConfig):
    service: ClassVar[str] = "listener"

    database_url: str
    nats_url: str


def build_service(config: Config, folder: Path, place: str) -> Service:
    """The service, wired as services are."""
    service = Service(config)
    tables = add_database(service, config.database_url)

    def stay(here: str) -> None:
        if here == place:
            (folder / "begun").touch()
            while not (folder / "may-finish").exists():
                time.sleep(0.01)

    def count(connection: Connection, event: Event) -> None:
        connection.execute(
            "INSERT INTO effects VALUES (%s, 1) ON CONFLICT (name) DO UPDATE SET times = effects.times + 1",
            (event.data["name"],),
        )
        stay("before")

    broker = add_nats(service, config.nats_url)
    handlers = {f"market.{config.service}.sold": count}
    add_consumer(service, broker, tables, handlers, after_commit=lambda: stay("after"))
    return service


if __name__ == "__main__":
    Config.service = sys.argv[1]
    messaging.consumer._ACK_WAIT_SECONDS = ACK_WAIT_SECONDS
    build_service(load(Config), Path(sys.argv[2]), sys.argv[3]).run()
