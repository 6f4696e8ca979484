"""Dead letters: events that a service could not handle, set aside; shown, and sent back to be handled again.

Usage: NATS_URL=nats://... python -m messaging.dead_letters show [--service NAME] [--whole]
       NATS_URL=nats://... python -m messaging.dead_letters replay [--service NAME] [--number N]

An event goes back to the one service that could not handle it, on a subject of its own: the others have nothing
to do with that, and what is no event at all does not multiply. The service's inbox lets it take effect once.
"""

import argparse
import json
import logging
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from nats.aio.msg import Msg
from nats.js.api import RawStreamMsg
from nats.js.errors import BadRequestError, NotFoundError

from chassis.config import ServiceConfig, load
from chassis.context import TRACEPARENT
from chassis.errors import AppError, Invalid, NotFound, Unavailable
from messaging.events import Event, MalformedEvent, decode
from messaging.nats import DEAD_STREAM, Message, NatsConnection

_SUBJECT, _ERROR, _DELIVERIES = "Market-Subject", "Market-Error", "Market-Deliveries"
_HEADINGS = ("NO", "SERVICE", "SUBJECT", "EVENT", "ORDER", "SET ASIDE (UTC)", "DELIVERIES", "ERROR")
_CONNECT_SECONDS = 5.0
_LONGEST_ERROR = 200
_SERVICE = re.compile(r"[a-z0-9-]*")


@dataclass(frozen=True, kw_only=True)
class Config(ServiceConfig):
    """What showing and replaying take from the environment."""

    service: ClassVar[str] = "dead-letters"

    nats_url: str


@dataclass(frozen=True)
class DeadLetter:
    """A message that was set aside; `number` names it, `subject` is the one that it first came on."""

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
        """The event that it is; None where it is none."""
        try:
            return decode(self.payload)
        except MalformedEvent:
            return None


def replay_subject(service: str) -> str:
    """Where the service hears again what it could not handle; in the stream of the other events."""
    return f"market.replay.{service}"


def subject_of(message: Msg) -> str:
    """The subject that a message first came on, also where it comes again from the dead letters."""
    return (message.headers or {}).get(_SUBJECT, message.subject)


def dead_letter(bus: NatsConnection, service: str, message: Msg, error: Exception, traceparent: str) -> None:
    """Keeps a message that the service could not handle. Raises Unavailable where the broker does not take it."""
    headers = {
        _SUBJECT: subject_of(message),
        _ERROR: ascii(error)[:_LONGEST_ERROR],
        _DELIVERIES: str(message.metadata.num_delivered),
        **({TRACEPARENT: traceparent} if traceparent else {}),
    }
    # The same message again, after a crash, is set aside once.
    known_as = f"{service}-{message.metadata.sequence.stream}"
    bus.publish([Message(f"dead.{service}", message.data, known_as, headers)])


def letters(bus: NatsConnection, service: str = "", number: int | None = None) -> Iterator[DeadLetter]:
    """What is set aside at this moment, the oldest first: all, of one service, or the one with this number.

    Raises Invalid (SERVICE_INVALID), and Unavailable where the broker does not answer.
    """
    if not _SERVICE.fullmatch(service):
        raise Invalid("SERVICE_INVALID", "A service's name has lower-case letters, digits and hyphens.")
    newest = bus.run(bus.jetstream.stream_info(DEAD_STREAM)).state.last_seq
    place, last = (1, newest) if number is None else (max(number, 1), min(number, newest))
    while place <= last:
        try:
            found = bus.run(bus.jetstream.get_msg(DEAD_STREAM, place, f"dead.{service or '>'}", next=True))
        except NotFoundError:
            return
        letter = _letter(found)
        if letter.number <= last:
            yield letter
        place = letter.number + 1


def count(bus: NatsConnection, service: str) -> int:
    """How many messages of the service are set aside. Raises Unavailable where the broker does not answer."""
    bus.check()
    subject = f"dead.{service}"
    try:
        stream = bus.run(bus.jetstream.stream_info(DEAD_STREAM, subjects_filter=subject), timeout=1.0)
    except NotFoundError:  # the broker was reset since
        return 0
    return (stream.state.subjects or {}).get(subject, 0)


def replay(bus: NatsConnection, letter: DeadLetter) -> None:
    """Sends a dead letter back to its service, and takes it out once the broker has it.

    After a crash in between, or where two do it at once, it is sent twice; the broker keeps it once or, later
    than within an hour, the service's inbox knows it. Raises Unavailable where the broker does not answer.
    """
    headers = {_SUBJECT: letter.subject, **({TRACEPARENT: letter.traceparent} if letter.traceparent else {})}
    bus.publish([Message(replay_subject(letter.service), letter.payload, f"dead-{letter.number}", headers)])
    with suppress(BadRequestError):  # somebody else has taken it out
        bus.run(bus.jetstream.delete_msg(DEAD_STREAM, letter.number))


def shown(bus: NatsConnection, service: str = "", whole: bool = False) -> str:
    """A table of what is set aside, for people; with the messages themselves where `whole`. Raises as `letters`."""
    found = list(letters(bus, service))
    if not found:
        return _nothing(service)
    parts = [_table([_HEADINGS, *(_row(letter) for letter in found)])]
    if whole:
        parts += [f"{letter.number}  {letter.subject}\n{_text(letter.payload)}" for letter in found]
    return "\n\n".join(parts)


def replayed(bus: NatsConnection, service: str = "", number: int | None = None) -> str:
    """Sends back what is set aside, and says how much that was. Raises NotFound, and as `letters` and `replay`."""
    sent: Counter[str] = Counter()
    for letter in letters(bus, service, number):
        replay(bus, letter)
        sent[letter.service] += 1
    if not sent and number is not None:
        raise NotFound("DEAD_LETTER_NOT_FOUND", f"There is no dead letter {number}{_of(service)}.")
    if not sent:
        return _nothing(service)
    events = "1 event" if sent.total() == 1 else f"{sent.total()} events"
    return f"{events} sent back: " + ", ".join(f"{count} to {name}" for name, count in sorted(sent.items()))


@contextmanager
def connected(url: str) -> Iterator[NatsConnection]:
    """A connection to the broker for the length of a block. Raises Unavailable where nobody answers there."""
    logging.getLogger("messaging").addHandler(logging.NullHandler())  # what matters is raised
    bus = NatsConnection(url, Config.service)
    bus.start()
    try:
        if not bus.wait_until_ready(_CONNECT_SECONDS):
            raise Unavailable("BROKER_UNAVAILABLE", "The message broker does not answer.")
        yield bus
    finally:
        bus.stop()


def main(arguments: Sequence[str]) -> int:
    """Carries out one command; 0, 1 where the broker does not answer, 2 where the command makes no sense."""
    options = _parser().parse_args(arguments)
    try:
        with connected(load(Config).nats_url) as bus:
            if options.command == "show":
                print(shown(bus, options.service, options.whole))
            else:
                print(replayed(bus, options.service, options.number))
        return 0
    except AppError as error:
        print(f"dead-letters: {error.message}", file=sys.stderr)
        return 1 if isinstance(error, Unavailable) else 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m messaging.dead_letters")
    commands = parser.add_subparsers(dest="command", required=True)
    show = commands.add_parser("show", help="list what is set aside")
    show.add_argument("--whole", action="store_true", help="the messages too")
    again = commands.add_parser("replay", help="send it back to be handled")
    again.add_argument("--number", type=int, help="this one alone")
    for command in (show, again):
        command.add_argument("--service", default="", help="of this service alone")
    return parser


def _letter(message: RawStreamMsg) -> DeadLetter:
    headers = message.headers or {}
    assert message.seq and message.subject and message.time
    return DeadLetter(
        number=message.seq,
        service=message.subject.removeprefix("dead."),
        subject=headers.get(_SUBJECT, ""),
        error=headers.get(_ERROR, ""),
        deliveries=headers.get(_DELIVERIES, "-"),
        traceparent=headers.get(TRACEPARENT, ""),
        time=message.time,
        payload=message.data or b"",
    )


def _nothing(service: str) -> str:
    return f"No event{_of(service)} is set aside."


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
    return "".join(letter if letter.isprintable() else "?" for letter in text)


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
