import email
import email.policy
from datetime import UTC, datetime

import pytest

from notifications.composer import Composer
from notifications.domain.notices import Cancelled, Confirmed, Line, Shipped, address_lines

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
LINES = (Line("Red paper lantern", 2, 1250), Line("Moon jar", 1, 120000))
ADDRESS = address_lines("Ming Li", "1 Lantern Road", " ", "1000 AB Amsterdam", "NL")
CONFIRMED = Confirmed("order-1", "Ming Li", LINES, 500, 123000, ADDRESS)
CANCELLED = Cancelled("order-1", 123000, "CANCELLED_BY_BUYER")
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


def letter(notice, event_id="event-1"):
    composer = Composer("https://shop.example", "orders@market.example")
    return composer.letter(notice, "ming@example.org", event_id, NOON)


def mail(notice, event_id="event-1"):
    return email.message_from_bytes(letter(notice, event_id).message, policy=email.policy.default)


def body(notice, form="plain"):
    return mail(notice).get_body((form,)).get_content().replace("\r\n", "\n")


def test_a_mail_says_who_wrote_it_to_whom_when_and_what_about():
    headers = mail(CONFIRMED)
    assert headers["From"] == "Night Market <orders@market.example>"
    assert headers["To"] == "ming@example.org"
    assert headers["Subject"] == "Thank you for your order order-1"
    assert headers["Date"].datetime == NOON
    assert headers["Auto-Submitted"] == "auto-generated"


def test_the_mail_about_an_event_has_the_same_message_id_whenever_it_is_written():
    first, again, other = (mail(CONFIRMED, event_id=event)["Message-ID"] for event in ("e1", "e1", "e2"))
    assert first == again != other
    assert first.endswith("@market.example>")


@pytest.mark.parametrize("notice", [CONFIRMED, CANCELLED, SHIPPED])
def test_every_mail_is_whole_in_plain_text_and_in_html(notice):
    whole = mail(notice)
    assert [part.get_content_type() for part in whole.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    assert not any(part.defects for part in whole.walk())


@pytest.mark.parametrize("form", ["plain", "html"])
@pytest.mark.parametrize("notice", [CONFIRMED, CANCELLED, SHIPPED])
def test_every_mail_links_to_its_order_in_the_shop(notice, form):
    assert "https://shop.example/orders/order-1" in body(notice, form)


def test_a_confirmation_lists_what_was_bought_and_what_it_cost():
    assert body(CONFIRMED) == CONFIRMED_IN_PLAIN_TEXT


def test_a_confirmation_in_html_has_the_same_amounts():
    text = body(CONFIRMED, "html")
    assert all(amount in text for amount in ("$12.50", "$25.00", "$1,200.00", "$5.00", "$1,230.00"))


def test_shipping_that_costs_nothing_is_free():
    assert "Shipping: free\n" in body(Confirmed("order-1", "", LINES, 0, 122500, ADDRESS))


def test_a_buyer_without_a_name_is_greeted_all_the_same():
    assert body(Confirmed("order-1", "", LINES, 0, 122500, ())).startswith("Hello,\n")


def test_names_cannot_smuggle_markup_into_the_html():
    notice = Confirmed("order-1", "<script>", (Line("<img src=x>", 1, 1),), 0, 1, ("<b>",))
    text = body(notice, "html")
    assert not any(markup in text for markup in ("<script>", "<img", "<b></p>"))
    assert "&lt;script&gt;" in text


def test_an_order_id_cannot_change_where_the_link_goes():
    assert "https://shop.example/orders/..%2F%3Fa%3Db" in body(Shipped("../?a=b", "NM-42"))


def test_names_in_any_script_arrive_as_they_are():
    assert "  1 x 灯笼 at $8.00: $8.00\n" in body(
        Confirmed("order-1", "Zoë", (Line("灯笼", 1, 800),), 0, 800, ())
    )


def test_lines_too_long_for_mail_servers_arrive_whole():
    long = letter(Confirmed("order-1", "", (Line("lantern " * 200, 1, 800),), 0, 800, ()))
    assert max(map(len, long.message.split(b"\r\n"))) < 998
    read = email.message_from_bytes(long.message, policy=email.policy.default)
    plain = read.get_body(("plain",))
    assert plain is not None
    assert "lantern lantern" in plain.get_content()


def test_a_cancellation_says_what_went_back_to_the_card():
    assert "as you wished" in body(CANCELLED)
    assert "$1,230.00 went back to the card" in body(CANCELLED)


def test_a_cancellation_that_the_buyer_did_not_wish_for_is_apologised_for():
    assert "we are sorry" in body(Cancelled("order-1", 123000, "LOST_IN_TRANSIT"))


def test_a_parcel_has_its_tracking_number_where_it_has_one():
    assert "The carrier's number of the parcel is NM-42." in body(SHIPPED)
    assert "number" not in body(Shipped("order-1", ""))
