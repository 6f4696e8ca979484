"""Events and their effects: each event is sent and handled once, so each email and each co-purchase exists once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import permutations

from tools.audit.rules.rule import Problem, Rule, count
from tools.audit.snapshot import Snapshot

_MESSAGE_ID_LENGTH = 36  # characters of a file's name; email programs append flags to them
# An inbox forgets handled events after 14 days. An order of at least this age counts as learned.
_INBOX_RETENTION = timedelta(days=13)


def emails(snapshot: Snapshot) -> Iterator[Problem]:
    """There is one email for each confirmation, shipment and cancellation; it is sent, and to the buyer."""
    expected = _expected_emails(snapshot)
    actual = Counter((email.order_id, email.kind) for email in snapshot.emails)
    for order_id, kind in expected.keys() | actual.keys():
        wanted, found = expected[order_id, kind], actual[order_id, kind]
        if wanted != found:
            yield order_id, f"{count(found, 'email')} {kind!r} instead of {wanted}"
    for email in snapshot.emails:
        order = snapshot.orders.get(email.order_id)
        if email.state == "waiting":
            yield email.order_id, f"the email {email.kind!r} is not sent yet"
        if order and email.state != "skipped" and email.recipient != order.email:
            yield email.order_id, f"the email {email.kind!r} has another recipient than the buyer"


def mail_folder(snapshot: Snapshot) -> Iterator[Problem]:
    """Each file is an email that notifications has recorded, and none is there twice. People may delete emails."""
    recorded = {email.message_id for email in snapshot.emails if email.state != "skipped"}
    files = Counter(name[:_MESSAGE_ID_LENGTH] for name in snapshot.email_files or ())
    for message_id, copies in files.items():
        if message_id not in recorded:
            yield message_id, "the file is not an email of an order"
        elif copies > 1:
            yield message_id, f"the email is in the folder {copies} times"


def co_purchases(snapshot: Snapshot) -> Iterator[Problem]:
    """Exactly the confirmed orders are learned, and the counts follow from them and the seed."""
    confirmed = {order.id for order in snapshot.orders.values() if order.was_confirmed}
    for order_id in confirmed - _learned(snapshot):
        yield order_id, "confirmed, but not counted"
    for order_id in snapshot.co_purchases.learned - confirmed:
        yield order_id, "counted, but never confirmed"
    sold, pairs = _expected_counts(snapshot)
    for product in sold.keys() | snapshot.co_purchases.sold.keys():
        if (found := snapshot.co_purchases.sold.get(product, 0)) != sold[product]:
            yield product, f"counted in {count(found, 'order')} instead of {sold[product]:,}"
    for pair in pairs.keys() | snapshot.co_purchases.pairs.keys():
        if (found := snapshot.co_purchases.pairs.get(pair, 0)) != pairs[pair]:
            yield " + ".join(pair), f"counted together in {count(found, 'order')} instead of {pairs[pair]:,}"


def outboxes(snapshot: Snapshot) -> Iterator[Problem]:
    """No event is left in an outbox."""
    for service, waiting in snapshot.outboxes.items():
        for event_id in waiting:
            yield event_id, f"the event is still in the outbox of {service}"


def dead_letters(snapshot: Snapshot) -> Iterator[Problem]:
    """No event is dead-lettered: its effect would be missing."""
    for service, number in snapshot.dead_letters.items():
        if number:
            yield service, f"{count(number, 'event')} dead-lettered: make dead-letters"


def _expected_emails(snapshot: Snapshot) -> Counter[tuple[str, str]]:
    expected: Counter[tuple[str, str]] = Counter()
    for order in snapshot.orders.values():
        if order.was_confirmed:
            expected[order.id, "confirmed"] = 1
            expected[order.id, "cancelled"] = int(order.state == "CANCELLED")
    for shipment in snapshot.shipments.values():
        expected[shipment.order_id, "shipped"] = int(shipment.state == "SHIPPED")
    return expected


def _learned(snapshot: Snapshot) -> set[str]:
    """The orders that were counted, as far as the inbox still shows it."""
    old = {
        order.id
        for order in snapshot.orders.values()
        if order.confirm_time and snapshot.time - order.confirm_time > _INBOX_RETENTION
    }
    return old | snapshot.co_purchases.learned


def _expected_counts(snapshot: Snapshot) -> tuple[Counter[str], Counter[tuple[str, str]]]:
    sold: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    for products in _purchases(snapshot):
        sold.update(products)
        pairs.update(permutations(products, 2))
    return sold, pairs


def _purchases(snapshot: Snapshot) -> Iterator[Iterable[str]]:
    """The distinct products of each purchase that was counted."""
    yield from snapshot.co_purchases.seed
    for order_id in _learned(snapshot) & snapshot.orders.keys():
        yield snapshot.orders[order_id].units.keys()


def _emails_summary(snapshot: Snapshot) -> tuple[str, str]:
    waiting = sum(email.state == "waiting" for email in snapshot.emails)
    found = f"notifications: {len(snapshot.emails):,}, {waiting:,} waiting"
    return count(_expected_emails(snapshot).total(), "email"), found


def _mail_folder_summary(snapshot: Snapshot) -> tuple[str, str]:
    sent = sum(email.state == "sent" for email in snapshot.emails)
    files = snapshot.email_files
    return f"{count(sent, 'email')} sent", "no folder" if files is None else count(len(files), "file")


def _co_purchases_summary(snapshot: Snapshot) -> tuple[str, str]:
    confirmed = sum(order.was_confirmed for order in snapshot.orders.values())
    expected, _ = _expected_counts(snapshot)
    counted = sum(snapshot.co_purchases.sold.values())
    return (
        f"{count(confirmed, 'order')} + seed, {expected.total():,} lines",
        f"counted: {count(len(_learned(snapshot)), 'order')}, {counted:,} lines",
    )


def _outboxes_summary(snapshot: Snapshot) -> tuple[str, str]:
    waiting = sum(map(len, snapshot.outboxes.values()))
    return "no event waiting", f"{' and '.join(sorted(snapshot.outboxes))}: {waiting:,} waiting"


def _dead_letters_summary(snapshot: Snapshot) -> tuple[str, str]:
    return "no event dead-lettered", f"NATS: {sum(snapshot.dead_letters.values()):,} dead-lettered"


RULES = (
    Rule("emails", emails, _emails_summary),
    Rule("mail folder", mail_folder, _mail_folder_summary),
    Rule("recommendations", co_purchases, _co_purchases_summary),
    Rule("outboxes", outboxes, _outboxes_summary),
    Rule("dead letters", dead_letters, _dead_letters_summary),
)
