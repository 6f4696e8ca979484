"""Dead letters: messages that a service could not handle, kept in the stream DEAD on `dead.<service>`.

`python -m tools.dead_letters` lists and replays them. A replayed message returns to that one service, on its own
subject, because the other services have handled the event already.
"""

from nats.aio.msg import Msg
from nats.js.errors import NotFoundError

from chassis.context import TRACEPARENT
from messaging.nats import DEAD_STREAM, Message, NatsConnection

SUBJECT, ERROR, DELIVERIES = "Market-Subject", "Market-Error", "Market-Deliveries"
_MAX_ERROR = 200


def replay_subject(service: str) -> str:
    """Return the subject of messages that are replayed to a service; it is in the stream of the events."""
    return f"market.replay.{service}"


def subject_of(message: Msg) -> str:
    """Return the subject on which a message was first sent, also if it is replayed."""
    return (message.headers or {}).get(SUBJECT, message.subject)


def dead_letter(nats: NatsConnection, service: str, message: Msg, error: Exception, traceparent: str) -> None:
    """Keep a message that the service could not handle. Raises Unavailable if the broker does not store it."""
    headers = {
        SUBJECT: subject_of(message),
        ERROR: ascii(error)[:_MAX_ERROR],
        DELIVERIES: str(message.metadata.num_delivered),
        **({TRACEPARENT: traceparent} if traceparent else {}),
    }
    # After a crash the message is dead-lettered again; the same id keeps it once.
    message_id = f"{service}-{message.metadata.sequence.stream}"
    nats.publish([Message(f"dead.{service}", message.data, message_id, headers)])


def count(nats: NatsConnection, service: str) -> int:
    """Return the number of the service's dead letters. Raises Unavailable if the broker does not answer."""
    nats.check()
    subject = f"dead.{service}"
    try:
        stream = nats.run(nats.jetstream.stream_info(DEAD_STREAM, subjects_filter=subject), timeout=1.0)
    except NotFoundError:  # the broker has been reset
        return 0
    return (stream.state.subjects or {}).get(subject, 0)
