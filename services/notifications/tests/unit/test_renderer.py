import email
import email.policy
from datetime import UTC, datetime

import pytest

from notifications.domain.notifications import Canceled, Confirmed, Line, Shipped, address_lines
from notifications.renderer import EmailRenderer

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
LINES = (Line("Red paper lantern", 2, 1250), Line("Moon jar", 1, 120000))
ADDRESS = address_lines("Ming Li", "1 Lantern Road", " ", "1000 AB Amsterdam", "NL")
CONFIRMED = Confirmed("order-1", "Ming Li", LINES, 500, 123000, ADDRESS)
CANCELLED = Canceled("order-1", 123000, "CANCELLED_BY_BUYER")
SHIPPED = Shipped("order-1", "NM-42")
CONFIRMED_IN_PLAIN_TEXT = """\
Hello Ming Li,

thank you for your order order-1. It is paid, and we are packing it.

  2 x Red paper lantern at $12.50: $25.00
  1 x Moon jar at $1,200.00: $1,200.00
  Shipping: $5.00
  Total: $1,230.00

It goes to:

  Ming Li
  1 Lantern Road
  1000 AB Amsterdam
  NL

We write to you again as soon as it is on its way.

See your order and its journey:
https://shop.example/orders/order-1

Good night from the Night Market
https://shop.example/
"""


def render(notification, event_id="event-1"):
    renderer = EmailRenderer("https://shop.example", "orders@market.example")
    return renderer.render(notification, "ming@example.org", event_id, NOON)


def parsed(notification, event_id="event-1"):
    return email.message_from_bytes(render(notification, event_id).message, policy=email.policy.default)


def body(notification, form="plain"):
    return parsed(notification).get_body((form,)).get_content().replace("\r\n", "\n")


def test_an_email_has_sender_recipient_subject_and_date():
    headers = parsed(CONFIRMED)
    assert headers["From"] == "Night Market <orders@market.example>"
    assert headers["To"] == "ming@example.org"
    assert headers["Subject"] == "Thank you for your order order-1"
    assert headers["Date"].datetime == NOON
    assert headers["Auto-Submitted"] == "auto-generated"


def test_the_message_id_depends_on_the_event_only():
    first, again, other = (parsed(CONFIRMED, event_id=event)["Message-ID"] for event in ("e1", "e1", "e2"))
    assert first == again != other
    assert first.endswith("@market.example>")


@pytest.mark.parametrize("notification", [CONFIRMED, CANCELLED, SHIPPED])
def test_every_email_has_plain_text_and_html(notification):
    whole = parsed(notification)
    assert [part.get_content_type() for part in whole.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    assert not any(part.defects for part in whole.walk())


@pytest.mark.parametrize("form", ["plain", "html"])
@pytest.mark.parametrize("notification", [CONFIRMED, CANCELLED, SHIPPED])
def test_every_email_links_to_its_order_in_the_shop(notification, form):
    assert "https://shop.example/orders/order-1" in body(notification, form)


def test_a_confirmation_lists_the_products_and_their_prices():
    assert body(CONFIRMED) == CONFIRMED_IN_PLAIN_TEXT


def test_a_confirmation_in_html_has_the_same_amounts():
    text = body(CONFIRMED, "html")
    assert all(amount in text for amount in ("$12.50", "$25.00", "$1,200.00", "$5.00", "$1,230.00"))


def test_shipping_without_cost_is_free():
    assert "Shipping: free\n" in body(Confirmed("order-1", "", LINES, 0, 122500, ADDRESS))


def test_a_buyer_without_a_name_is_greeted():
    assert body(Confirmed("order-1", "", LINES, 0, 122500, ())).startswith("Hello,\n")


def test_names_are_escaped_in_html():
    notification = Confirmed("order-1", "<script>", (Line("<img src=x>", 1, 1),), 0, 1, ("<b>",))
    text = body(notification, "html")
    assert not any(markup in text for markup in ("<script>", "<img", "<b></p>"))
    assert "&lt;script&gt;" in text


def test_an_order_id_is_escaped_in_the_link():
    assert "https://shop.example/orders/..%2F%3Fa%3Db" in body(Shipped("../?a=b", "NM-42"))


def test_names_in_any_script_are_unchanged():
    assert "  1 x 灯笼 at $8.00: $8.00\n" in body(
        Confirmed("order-1", "Zoë", (Line("灯笼", 1, 800),), 0, 800, ())
    )


def test_long_lines_are_unchanged():
    long = render(Confirmed("order-1", "", (Line("lantern " * 200, 1, 800),), 0, 800, ()))
    assert max(map(len, long.message.split(b"\r\n"))) < 998
    read = email.message_from_bytes(long.message, policy=email.policy.default)
    plain = read.get_body(("plain",))
    assert plain is not None
    assert "lantern lantern" in plain.get_content()


def test_a_cancellation_has_the_refund():
    assert "as you requested" in body(CANCELLED)
    assert "$1,230.00 went back to the card" in body(CANCELLED)


def test_a_cancellation_by_the_shop_has_an_apology():
    assert "we are sorry" in body(Canceled("order-1", 123000, "LOST_IN_TRANSIT"))


def test_a_shipment_has_its_tracking_number_if_it_has_one():
    assert "The carrier's tracking number is NM-42." in body(SHIPPED)
    assert "number" not in body(Shipped("order-1", ""))
