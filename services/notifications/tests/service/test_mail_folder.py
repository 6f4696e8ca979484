import email
import email.policy
import mailbox
from pathlib import Path
from uuid import uuid4

import pytest

from chassis.errors import Unavailable
from nightmarket.subjects import ORDER_SHIPPED, ORDER_SHIPPED_OLD
from notifications.clients import MailFolder
from notifications.domain.delivery import Letter, letter_id
from tests.support.waiting import wait_until

FULL = Path("/dev/full")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("post") / "a folder" / "mail"


@pytest.fixture(scope="module")
def market(run_notifications, folder):
    with run_notifications(mail_dir=folder, shop_url="https://shop.example") as neighbour:
        yield neighbour


def mails_to(folder, address):
    """The mails that a mail reader finds in the folder for this address."""
    found = mailbox.Maildir(folder)
    mails = [
        email.message_from_bytes(found.get_bytes(key), policy=email.policy.default)
        for key in found.iterkeys()
    ]
    return [mail for mail in mails if mail["To"] == address]


def test_a_confirmed_order_is_told_with_its_lines_and_amounts(market, folder, buyer):
    market.waits_until(market.confirms(buyer), "sent")
    (mail,) = mails_to(folder, buyer)
    text = mail.get_body(("plain",)).get_content()
    assert mail["Subject"] == "Thank you for your order order-1"
    assert "2 x Red lantern at $1.00: $2.00" in text
    assert "https://shop.example/orders/order-1" in text


def test_a_cancelled_order_is_told_with_the_refund(market, folder, buyer):
    market.waits_until(
        market.tells("market.orders.cancelled", email=buyer, reason="CANCELLED_BY_BUYER"), "sent"
    )
    (mail,) = mails_to(folder, buyer)
    assert mail["Subject"] == "Your order order-1 is cancelled"
    assert "$1.00 went back" in mail.get_body(("plain",)).get_content()


@pytest.mark.parametrize("subject", [ORDER_SHIPPED, ORDER_SHIPPED_OLD])
def test_a_shipped_order_is_told_with_its_tracking_number(market, folder, buyer, subject):
    market.waits_until(market.tells(subject, email=buyer, trackingNumber="NM-42"), "sent")
    (mail,) = mails_to(folder, buyer)
    assert "NM-42" in mail.get_body(("plain",)).get_content()


def test_an_event_that_comes_twice_makes_one_mail(market, folder, buyer):
    event = market.confirms(buyer)
    market.confirms(buyer, event_id=event)
    market.waits_until(market.confirms(buyer), "sent")  # the events before it have been handled
    assert len(mails_to(folder, buyer)) == 2


@pytest.mark.parametrize("address", ["", "not an address", "a@b.example\r\nBcc: c@d.example"])
def test_an_order_of_somebody_who_cannot_be_written_to_is_noted_as_skipped(market, address):
    market.waits_until(market.confirms(address), "skipped")


def test_a_mail_that_is_sent_is_not_kept(market, buyer):
    event = market.confirms(buyer)
    market.waits_until(event, "sent")
    assert market.kept_mail(event) is None


@pytest.mark.parametrize(
    "nonsense",
    [
        {"total": {"currencyCode": "EUR", "units": "1"}},
        {"total": {"currencyCode": "USD", "units": "many"}},
        {"lines": "none"},
        {"orderId": ""},
        {"orderId": "order\0"},
    ],
)
def test_an_event_that_makes_no_sense_is_set_aside_and_the_next_one_handled(market, buyer, nonsense):
    event = market.confirms(buyer, **nonsense)
    market.waits_until(market.confirms(buyer), "sent")
    assert market.state_of(event) is None


def test_a_mail_that_is_delivered_again_is_in_the_folder_once(tmp_path):
    letter = Letter("letter-1", "ming@example.org", b"To: ming@example.org\r\n\r\nHello\r\n")
    for _ in range(2):
        MailFolder(tmp_path).deliver(letter)
    assert len(mails_to(tmp_path, "ming@example.org")) == 1


def test_a_mail_that_somebody_has_read_is_not_delivered_again(tmp_path):
    letter = Letter("letter-1", "ming@example.org", b"To: ming@example.org\r\n\r\nHello\r\n")
    MailFolder(tmp_path).deliver(letter)
    (tmp_path / "new" / letter.id).rename(tmp_path / "cur" / f"{letter.id}:2,S")
    MailFolder(tmp_path).deliver(letter)
    assert list((tmp_path / "new").iterdir()) == []


@pytest.mark.skipif(not FULL.exists(), reason="this system has no disk that is always full")
def test_a_mail_waits_while_the_disk_is_full_and_is_then_delivered_whole(market, folder, buyer):
    event_id = str(uuid4())
    unfinished = folder / "tmp" / letter_id(event_id)
    unfinished.parent.mkdir(parents=True, exist_ok=True)
    unfinished.symlink_to(FULL)
    market.confirms(buyer, event_id)
    wait_until(lambda: market.state_of(event_id) and market.has_tried(event_id))
    assert market.state_of(event_id) == "waiting"
    assert mails_to(folder, buyer) == []
    unfinished.unlink()
    market.lets_the_pause_pass()
    market.waits_until(event_id, "sent")
    (mail,) = mails_to(folder, buyer)
    assert "$2.00" in mail.get_body(("plain",)).get_content()


def test_a_folder_that_cannot_be_written_to_is_an_outage(tmp_path):
    (tmp_path / "mail").write_text("not a folder")
    with pytest.raises(Unavailable):
        MailFolder(tmp_path / "mail").deliver(Letter("letter-1", "ming@example.org", b"\r\n"))
