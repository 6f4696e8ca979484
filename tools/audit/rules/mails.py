"""Orders and notifications: buyers are told of everything once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tools.audit.books import Books
from tools.audit.rules.findings import Rule, Trouble, count

_LETTER_ID = 36  # characters; people's mail programs put more behind it


def mails(books: Books) -> Iterator[Trouble]:
    """One mail for each confirmation, shipment that left and cancellation; sent, to the buyer."""
    expected, found = _expected(books), Counter((mail.order_id, mail.kind) for mail in books.mails)
    for order_id, kind in expected.keys() | found.keys():
        wanted, there = expected[order_id, kind], found[order_id, kind]
        if wanted != there:
            yield order_id, f"{count(there, 'mail')} {kind!r} instead of {wanted}"
    for mail in books.mails:
        order = books.orders.get(mail.order_id)
        if mail.state == "waiting":
            yield mail.order_id, f"the mail {mail.kind!r} is not sent yet"
        if order and mail.state != "skipped" and mail.recipient != order.email:
            yield mail.order_id, f"the mail {mail.kind!r} goes to somebody else"


def mail_folder(books: Books) -> Iterator[Trouble]:
    """Each file is a mail that notifications knows, and none is there twice. People may delete them."""
    known = {mail.letter_id for mail in books.mails if mail.state != "skipped"}
    for letter, files in Counter(name[:_LETTER_ID] for name in books.letters or ()).items():
        if letter not in known:
            yield letter, "a file that is no mail of an order"
        elif files > 1:
            yield letter, f"the mail is there {files} times"


def _expected(books: Books) -> Counter[tuple[str, str]]:
    wanted: Counter[tuple[str, str]] = Counter()
    for order in books.orders.values():
        if order.was_confirmed:
            wanted[order.id, "confirmed"] = 1
            wanted[order.id, "cancelled"] = int(order.state == "CANCELLED")
    for shipment in books.shipments.values():
        wanted[shipment.order_id, "shipped"] = int(shipment.state == "SHIPPED")
    return wanted


def _mail_sides(books: Books) -> tuple[str, str]:
    waiting = sum(mail.state == "waiting" for mail in books.mails)
    found = f"notifications: {len(books.mails):,}, {waiting:,} waiting"
    return count(_expected(books).total(), "mail"), found


def _folder_sides(books: Books) -> tuple[str, str]:
    sent = count(sum(mail.state == "sent" for mail in books.mails), "mail") + " sent"
    return sent, "none: a mail server" if books.letters is None else count(len(books.letters), "file")


RULES = (Rule("mails", mails, _mail_sides), Rule("mail folder", mail_folder, _folder_sides))
