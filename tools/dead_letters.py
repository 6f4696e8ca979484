"""List dead letters, and replay them.

Usage: NATS_URL=nats://... python -m tools.dead_letters list [--service NAME] [--verbose]
       NATS_URL=nats://... python -m tools.dead_letters replay [--service NAME] [--number N]

This is a tool and not a part of libs/messaging, because no service needs it: an operator does. It imports the library
to speak its protocol (subjects, headers, message ids). It is in the images of the services that use NATS, because their
containers have the address and the password. Laptop mode runs it as a program; it imports no tool.

A dead letter returns to the one service that could not handle it, on its own subject: the other services have handled
the event already, and a message that is no event does not multiply. The service's inbox lets it take effect once.
"""

from __future__ import annotations

import argparse
import json
import logging
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from nats.js.api import RawStreamMsg
from nats.js.errors import APIError, NotFoundError

from chassis.config import ServiceConfig, load
from chassis.context import TRACEPARENT
from chassis.errors import AppError, Invalid, NotFound, Unavailable
from messaging.dead_letters import DELIVERIES, ERROR, SUBJECT, replay_subject
from messaging.events import Event, MalformedEvent, decode
from messaging.nats import DEAD_STREAM, Message, NatsConnection

_HEADINGS = ("NO", "SERVICE", "SUBJECT", "EVENT", "ORDER", "FAILED AT (UTC)", "DELIVERIES", "ERROR")
_CONNECT_SECONDS = 5.0
_NO_SUCH_MESSAGE = (
    10037,
    10043,
    10057,
)  # error codes of JetStream; which one it is depends on the stream's state
_SERVICE = re.compile(r"[a-z0-9-]*")


@dataclass(frozen=True, kw_only=True)
class Config(ServiceConfig):
    """The variables of this program."""

    service: ClassVar[str] = "dead-letters"

    nats_url: str


@dataclass(frozen=True)
class DeadLetter:
    """A dead-lettered message. `number` identifies it; `subject` is the one on which it was first sent."""

    number: int
    service: str
    subject: str
    error: str
    deliveries: str
    traceparent: str
    time: datetime
    payload: bytes

    @property
    def event(self) -> Event | None:
        """The event in the message; None if it is none."""
        try:
            return decode(self.payload)
        except MalformedEvent:
            return None


def main(arguments: Sequence[str]) -> int:
    """Run one command; return 0, 1 if the broker does not answer, or 2 if the command is invalid."""
    options = _parser().parse_args(arguments)
    try:
        with connected(load(Config).nats_url) as nats:
            if options.command == "list":
                print(as_table(nats, options.service, options.verbose))
            else:
                print(replay_all(nats, options.service, options.number))
        return 0
    except AppError as error:
        print(f"dead-letters: {error.message}", file=sys.stderr)
        return 1 if isinstance(error, Unavailable) else 2


@contextmanager
def connected(url: str) -> Iterator[NatsConnection]:
    """A connection to the broker, for a block. Raises Unavailable if the broker does not answer."""
    logging.getLogger("messaging").addHandler(logging.NullHandler())  # what matters is raised
    nats = NatsConnection(url, Config.service)
    nats.start()
    try:
        if not nats.wait_until_ready(_CONNECT_SECONDS):
            raise Unavailable("BROKER_UNAVAILABLE", "The message broker does not answer.")
        yield nats
    finally:
        nats.stop()


def dead_letters(nats: NatsConnection, service: str = "", number: int | None = None) -> Iterator[DeadLetter]:
    """Return the dead letters of this moment, the oldest first: all, of one service, or the one with this number.

    Raises Invalid (SERVICE_INVALID), and Unavailable if the broker does not answer.
    """
    if not _SERVICE.fullmatch(service):
        raise Invalid("SERVICE_INVALID", "A service's name has lower-case letters, digits and hyphens.")
    newest = nats.run(nats.jetstream.stream_info(DEAD_STREAM)).state.last_seq
    sequence, last = (1, newest) if number is None else (max(number, 1), min(number, newest))
    subject = f"dead.{service or '>'}"
    while sequence <= last:
        try:
            found = nats.run(nats.jetstream.get_msg(DEAD_STREAM, sequence, subject, next=True))
        except NotFoundError:
            return
        letter = _dead_letter(found)
        if letter.number <= last:
            yield letter
        sequence = letter.number + 1


def replay(nats: NatsConnection, letter: DeadLetter) -> None:
    """Send a dead letter back to its service, and delete it once the broker has stored it.

    If this process dies in between, or two processes replay at once, the message is sent twice. The broker keeps it
    once; after an hour, the service's inbox recognizes it. Raises Unavailable if the broker does not answer.
    """
    headers = {SUBJECT: letter.subject, **({TRACEPARENT: letter.traceparent} if letter.traceparent else {})}
    nats.publish([Message(replay_subject(letter.service), letter.payload, f"dead-{letter.number}", headers)])
    nats.run(_delete(nats, letter.number))


async def _delete(nats: NatsConnection, number: int) -> None:
    try:
        await nats.jetstream.delete_msg(DEAD_STREAM, number)
    except APIError as error:
        if error.err_code not in _NO_SUCH_MESSAGE:  # another process has deleted it
            raise


def replay_all(nats: NatsConnection, service: str = "", number: int | None = None) -> str:
    """Replay dead letters and return how many, as text. Raises NotFound, and as `dead_letters` and `replay` do."""
    sent: Counter[str] = Counter()
    for letter in dead_letters(nats, service, number):
        replay(nats, letter)
        sent[letter.service] += 1
    if not sent and number is not None:
        raise NotFound("DEAD_LETTER_NOT_FOUND", f"There is no dead letter {number}{_of(service)}.")
    if not sent:
        return _none(service)
    events = "1 event" if sent.total() == 1 else f"{sent.total()} events"
    return f"{events} replayed: " + ", ".join(f"{count} to {name}" for name, count in sorted(sent.items()))


def as_table(nats: NatsConnection, service: str = "", verbose: bool = False) -> str:
    """Return a table of the dead letters; if `verbose`, with the messages. Raises as `dead_letters` does."""
    found = list(dead_letters(nats, service))
    if not found:
        return _none(service)
    parts = [_table([_HEADINGS, *(_row(letter) for letter in found)])]
    if verbose:
        parts += [f"{letter.number}  {letter.subject}\n{_text(letter.payload)}" for letter in found]
    return "\n\n".join(parts)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.dead_letters")
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", help="list dead letters")
    listing.add_argument("--verbose", action="store_true", help="show the messages too")
    replaying = commands.add_parser("replay", help="send dead letters back to their services")
    replaying.add_argument("--number", type=int, help="only this one")
    for command in (listing, replaying):
        command.add_argument("--service", default="", help="only those of this service")
    return parser


def _dead_letter(message: RawStreamMsg) -> DeadLetter:
    headers = message.headers or {}
    assert message.seq and message.subject and message.time
    return DeadLetter(
        number=message.seq,
        service=message.subject.removeprefix("dead."),
        subject=headers.get(SUBJECT, ""),
        error=headers.get(ERROR, ""),
        deliveries=headers.get(DELIVERIES, "-"),
        traceparent=headers.get(TRACEPARENT, ""),
        time=message.time,
        payload=message.data or b"",
    )


def _none(service: str) -> str:
    return f"There are no dead letters{_of(service)}."


def _of(service: str) -> str:
    return f" of {service}" if service else ""


def _row(letter: DeadLetter) -> tuple[str, ...]:
    event = letter.event
    cells = (
        letter.number,
        letter.service,
        letter.subject,
        event.id if event else "-",
        event.data.get("orderId", "-") if event else "-",
        f"{letter.time:%Y-%m-%d %H:%M:%S}",
        letter.deliveries,
        letter.error,
    )
    return tuple(_printable(str(cell)) for cell in cells)


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)


def _text(payload: bytes) -> str:
    try:
        return json.dumps(json.loads(payload), indent=2)
    except (ValueError, RecursionError):
        return ascii(payload)


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
