"""The events that services have set aside: shown, and sent back to be handled again."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from chassis.errors import AppError, Unavailable
from laptop import closing
from laptop.errors import LaptopError
from laptop.home import Home
from messaging import dead_letters
from messaging.nats import NatsConnection


def show(home: Home, service: str, whole: bool) -> str:
    """What is set aside, by all services or by one; with the messages themselves where ``whole``.

    Raises `LaptopError` where the market is closed, there is no such service, or the broker does not answer.
    """
    with _broker(home, service) as bus:
        return dead_letters.shown(bus, service, whole)


def replay(home: Home, service: str, number: str) -> str:
    """Send back what is set aside, by all services, by one, or the one with this number; gives how many.

    Raises `LaptopError` as `show` does, and where ``number`` is none or there is no such dead letter.
    """
    if number and not number.isdecimal():
        raise LaptopError(f"N must be a number, as `make dead-letters` shows it, not {number!r}", exit_code=2)
    with _broker(home, service) as bus:
        return dead_letters.replayed(bus, service, int(number) if number else None)


@contextlib.contextmanager
def _broker(home: Home, service: str) -> Iterator[NatsConnection]:
    market, _ = closing.required(home)
    names = sorted(known.name for known in market.services if known.nats)
    if service and service not in names:
        raise LaptopError(f"There is no {service} at the broker. There are: {', '.join(names)}", exit_code=2)
    try:
        with dead_letters.connected(market.broker.url) as bus:
            yield bus
    except AppError as error:
        raise LaptopError(error.message, exit_code=1 if isinstance(error, Unavailable) else 2) from None
