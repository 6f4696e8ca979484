import pytest

from chassis.errors import FailedPrecondition

ADDRESS = {
    "name": "Ada Lovelace",
    "line1": "12 St James's Square",
    "line2": "",
    "city": "London",
    "postal_code": "SW1Y 4JH",
    "country_code": "GB",
}


@pytest.fixture
def form(buyer, state):
    """The checkout form of a buyer with two lamps in the cart."""
    state.carts["ada@example.com"] = {"lamps-1": 2}
    return buyer.get("/checkout")


def place(buyer, form, **typed):
    return buyer.submit(form, "/checkout", **{**ADDRESS, **typed})


def key(form):
    return form.page.one("input", name="key")["value"]


def test_an_order_is_placed_with_the_address(buyer, form, state):
    answer = place(buyer, form)
    (placed,) = state.orders.values()
    assert answer.path == f"/orders/{placed.id}"
    address = placed.shipping.address
    assert {name: getattr(address, name) for name in ADDRESS} == ADDRESS


def test_a_form_sent_twice_places_one_order(buyer, form, state):
    first, second = place(buyer, form), place(buyer, form)
    assert first.path == second.path
    assert len(state.orders) == 1


def test_two_forms_have_different_keys(buyer, form):
    assert key(form) != key(buyer.get("/checkout"))


def test_all_test_cards_are_explained_and_the_first_is_selected(form):
    cards = form.page.all("input", type="radio", name="card")
    assert [card["value"] for card in cards] == [
        "tok_visa",
        "tok_mastercard",
        "tok_declined",
        "tok_insufficient_funds",
        "tok_slow",
        "tok_lost_answer",
    ]
    assert [card["value"] for card in cards if "checked" in card.attributes] == ["tok_visa"]
    labels = [form.page.one("label", **{"for": card["id"]}).text for card in cards]
    assert all(len(label) > 20 for label in labels)


def test_the_summary_shows_the_items(form):
    assert "2 \u00d7 ¤lamps No. 1 <b>¤ $3.98" in form.page.one("ul", **{"class": "summary"}).text


def test_the_address_of_the_last_order_is_filled_in(buyer, form, state):
    place(buyer, form)
    again = buyer.get("/checkout").page
    assert again.one("input", id="city")["value"] == "London"
    assert [option["value"] for option in again.all("option", selected="")] == ["GB"]


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("CARD_DECLINED", "The bank declined this card."),
        ("INSUFFICIENT_FUNDS", "This card has insufficient funds."),
        ("SOMETHING_NEW", "That didn't work. Please check what you entered."),
    ],
)
def test_a_rejected_order_is_explained_and_the_next_form_places_a_new_one(buyer, form, state, reason, text):
    state.rejection = FailedPrecondition(reason, "No.", {"orderId": "order-7"})
    answer = place(buyer, form, card="tok_declined")
    alert = answer.page.one(role="alert")
    assert (answer.status, text in alert.text) == (400, True)
    assert alert.one("a")["href"] == "/orders/order-7"
    assert key(answer) != key(form)
    assert answer.page.one("input", id="line1")["value"] == ADDRESS["line1"]
    assert "checked" in answer.page.one("input", id="tok_declined").attributes


def test_sold_out_products_are_named(buyer, form, state):
    state.rejection = FailedPrecondition("SOLD_OUT", "Sold out.", {"lamps-1": "1", "orderId": "order-7"})
    alert = place(buyer, form).page.one(role="alert")
    assert "Sorry, not enough left in stock." in alert.text
    assert "¤lamps No. 1 <b>¤" in alert.text
    assert alert.one("a", href="/cart")


def test_an_invalid_field_is_marked(buyer, form):
    answer = place(buyer, form, city="")
    field = answer.page.one("input", id="city")
    assert (answer.status, field["aria-invalid"]) == (400, "true")


def test_a_form_can_be_sent_again_if_the_outcome_is_unknown(buyer, form, state):
    state.take_down("orders")
    answer = place(buyer, form)
    assert answer.status == 503
    assert "You won't be charged twice" in answer.page.one(role="alert").text
    state.errors.clear()
    assert buyer.submit(answer, "/checkout").path == f"/orders/{key(form)}"


@pytest.mark.parametrize("cart", ["empty", "down"])
def test_a_form_with_an_unknown_outcome_is_kept_even_without_the_cart(buyer, form, state, cart):
    state.take_down("orders")
    state.carts.clear() if cart == "empty" else state.take_down("cart")
    answer = place(buyer, form)
    assert (answer.status, key(answer)) == (503, key(form))
    assert "You won't be charged twice" in answer.page.one(role="alert").text


def test_a_form_sent_again_with_a_different_address_leads_to_the_orders(buyer, form):
    place(buyer, form)
    answer = place(buyer, form, city="Oxford")
    assert answer.path == "/orders"
    assert "You've already placed this order." in answer.text


@pytest.mark.parametrize("key", ["", "another key", "\n", "ä", "x" * 5000])
def test_a_form_with_an_invalid_key_is_an_error(buyer, form, state, key):
    assert place(buyer, form, key=key).status == 400
    assert not state.orders


def test_an_empty_cart_cannot_be_checked_out(buyer):
    answer = buyer.get("/checkout")
    assert answer.path == "/cart"
    assert "Your cart is empty." in answer.text


def test_a_form_sent_after_the_cart_was_emptied_leads_to_the_cart(buyer, form, state):
    state.carts.clear()
    assert place(buyer, form).path == "/cart"


@pytest.mark.parametrize("odd", ["\0", "x" * 5000, "<b>", "🏮", "\r\nX: y"])
def test_unusual_characters_reach_orders_unchanged(buyer, form, state, odd):
    assert place(buyer, form, city=f"a{odd}b").status == 200
    (placed,) = state.orders.values()
    assert placed.shipping.address.city == f"a{odd}b"


def test_a_visitor_signs_in_first_and_comes_back(visitor):
    assert visitor.get("/checkout").path == "/sign-in?next=%2Fcheckout"
