import email
import email.policy
import mailbox
from pathlib import Path
from uuid import uuid4

import pytest

from chassis.errors import Unavailable
from nightmarket.subjects import ORDER_CANCELLED, ORDER_SHIPPED, ORDER_SHIPPED_OLD
from notifications.clients import MaildirTransport
from notifications.domain.emails import Email, email_id
from tests.support.waiting import wait_until

FULL = Path("/dev/full")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("post") / "a folder" / "mail"


@pytest.fixture(scope="module")
def client(run_notifications, folder):
    with run_notifications(mail_dir=folder, shop_url="https://shop.example") as client:
        yield client


def emails_to(folder, address):
    """Return the emails to this address that a mail reader finds in the folder."""
    found = mailbox.Maildir(folder)
    emails = [
        email.message_from_bytes(found.get_bytes(key), policy=email.policy.default)
        for key in found.iterkeys()
    ]
    return [mail for mail in emails if mail["To"] == address]


def test_the_email_about_a_confirmed_order_has_its_lines_and_amounts(client, folder, buyer):
    client.wait_until_state(client.publish_confirmed(buyer), "sent")
    (mail,) = emails_to(folder, buyer)
    text = mail.get_body(("plain",)).get_content()
    assert mail["Subject"] == "Thank you for your order order-1"
    assert "2 x Red lantern at $1.00: $2.00" in text
    assert "https://shop.example/orders/order-1" in text


def test_the_email_about_a_canceled_order_has_the_refund(client, folder, buyer):
    client.wait_until_state(client.publish(ORDER_CANCELLED, email=buyer, reason="CANCELLED_BY_BUYER"), "sent")
    (mail,) = emails_to(folder, buyer)
    assert mail["Subject"] == "Your order order-1 is canceled"
    assert "$1.00 went back" in mail.get_body(("plain",)).get_content()


@pytest.mark.parametrize("subject", [ORDER_SHIPPED, ORDER_SHIPPED_OLD])
def test_the_email_about_a_shipped_order_has_its_tracking_number(client, folder, buyer, subject):
    client.wait_until_state(client.publish(subject, email=buyer, trackingNumber="NM-42"), "sent")
    (mail,) = emails_to(folder, buyer)
    assert "NM-42" in mail.get_body(("plain",)).get_content()


def test_an_event_that_arrives_twice_causes_one_email(client, folder, buyer):
    event = client.publish_confirmed(buyer)
    client.publish_confirmed(buyer, event_id=event)
    client.wait_until_state(client.publish_confirmed(buyer), "sent")  # the events before it have been handled
    assert len(emails_to(folder, buyer)) == 2


@pytest.mark.parametrize("address", ["", "not an address", "a@b.example\r\nBcc: c@d.example"])
def test_an_order_without_a_valid_address_is_skipped(client, address):
    client.wait_until_state(client.publish_confirmed(address), "skipped")


def test_the_message_of_a_sent_email_is_deleted(client, buyer):
    event = client.publish_confirmed(buyer)
    client.wait_until_state(event, "sent")
    assert client.message(event) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"total": {"currencyCode": "EUR", "units": "1"}},
        {"total": {"currencyCode": "USD", "units": "many"}},
        {"lines": "none"},
        {"orderId": ""},
        {"orderId": "order\0"},
    ],
)
def test_a_malformed_event_is_dead_lettered_and_the_next_one_is_handled(client, buyer, fields):
    event = client.publish_confirmed(buyer, **fields)
    client.wait_until_state(client.publish_confirmed(buyer), "sent")
    assert client.state_of(event) is None


def test_an_email_that_is_sent_again_is_in_the_folder_once(tmp_path):
    letter = Email("email-1", "ming@example.org", b"To: ming@example.org\r\n\r\nHello\r\n")
    for _ in range(2):
        MaildirTransport(tmp_path).send(letter)
    assert len(emails_to(tmp_path, "ming@example.org")) == 1


def test_an_email_that_was_read_is_not_added_again(tmp_path):
    letter = Email("email-1", "ming@example.org", b"To: ming@example.org\r\n\r\nHello\r\n")
    MaildirTransport(tmp_path).send(letter)
    (tmp_path / "new" / letter.id).rename(tmp_path / "cur" / f"{letter.id}:2,S")
    MaildirTransport(tmp_path).send(letter)
    assert list((tmp_path / "new").iterdir()) == []


@pytest.mark.skipif(not FULL.exists(), reason="this system has no disk that is always full")
def test_an_email_waits_while_the_disk_is_full_and_is_then_written_completely(client, folder, buyer):
    event_id = str(uuid4())
    unfinished = folder / "tmp" / email_id(event_id)
    unfinished.parent.mkdir(parents=True, exist_ok=True)
    unfinished.symlink_to(FULL)
    client.publish_confirmed(buyer, event_id)
    wait_until(lambda: client.state_of(event_id) and client.tries(event_id))
    assert client.state_of(event_id) == "waiting"
    assert emails_to(folder, buyer) == []
    unfinished.unlink()
    client.make_due()
    client.wait_until_state(event_id, "sent")
    (mail,) = emails_to(folder, buyer)
    assert "$2.00" in mail.get_body(("plain",)).get_content()


def test_a_folder_that_is_not_writable_is_an_outage(tmp_path):
    (tmp_path / "mail").write_text("not a folder")
    with pytest.raises(Unavailable):
        MaildirTransport(tmp_path / "mail").send(Email("email-1", "ming@example.org", b"\r\n"))
