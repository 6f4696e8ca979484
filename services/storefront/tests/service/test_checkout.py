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
    """The checkout of somebody with two lamps in the basket."""
    state.baskets["ada@example.com"] = {"lamps-1": 2}
    return buyer.get("/checkout")


def place(buyer, form, **typed):
    return buyer.send(form, "/checkout", **{**ADDRESS, **typed})


def key(form):
    return form.page.one("input", name="key")["value"]


def test_an_order_is_placed_with_the_address_and_the_card(buyer, form, state):
    answer = place(buyer, form)
    (placed,) = state.orders.values()
    assert answer.place == f"/orders/{placed.id}"
    address = placed.shipping.address
    assert {name: getattr(address, name) for name in ADDRESS} == ADDRESS


def test_a_form_sent_twice_is_one_order(buyer, form, state):
    first, second = place(buyer, form), place(buyer, form)
    assert first.place == second.place
    assert len(state.orders) == 1


def test_each_form_has_a_key_of_its_own(buyer, form):
    assert key(form) != key(buyer.get("/checkout"))


def test_all_test_cards_are_there_explained_and_the_first_is_chosen(form):
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


def test_the_summary_shows_what_is_bought(form):
    assert "2 \u00d7 ¤lamps No. 1 <b>¤ $3.98" in form.page.one("ul", **{"class": "summary"}).text


def test_the_address_of_the_last_order_is_filled_in(buyer, form, state):
    place(buyer, form)
    again = buyer.get("/checkout").page
    assert again.one("input", id="city")["value"] == "London"
    assert [option["value"] for option in again.all("option", selected="")] == ["GB"]


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("CARD_DECLINED", "The bank declined this card."),
        ("INSUFFICIENT_FUNDS", "There is not enough money on this card."),
        ("SOMETHING_NEW", "This did not work. Please check what you entered."),
    ],
)
def test_a_refused_order_is_explained_and_can_be_tried_again_as_a_new_one(buyer, form, state, reason, told):
    state.refusal = FailedPrecondition(reason, "No.", {"orderId": "order-7"})
    answer = place(buyer, form, card="tok_declined")
    alert = answer.page.one(role="alert")
    assert (answer.status, told in alert.text) == (400, True)
    assert alert.one("a")["href"] == "/orders/order-7"
    assert key(answer) != key(form)
    assert answer.page.one("input", id="line1")["value"] == ADDRESS["line1"]
    assert "checked" in answer.page.one("input", id="tok_declined").attributes


def test_what_is_sold_out_is_named(buyer, form, state):
    state.refusal = FailedPrecondition("SOLD_OUT", "Sold out.", {"lamps-1": "1", "orderId": "order-7"})
    alert = place(buyer, form).page.one(role="alert")
    assert "Somebody was faster" in alert.text
    assert "¤lamps No. 1 <b>¤" in alert.text
    assert alert.one("a", href="/basket")


def test_a_wrong_field_is_marked(buyer, form):
    answer = place(buyer, form, city="")
    field = answer.page.one("input", id="city")
    assert (answer.status, field["aria-invalid"]) == (400, "true")


def test_where_nobody_knows_whether_the_order_was_placed_the_same_form_can_be_sent_again(buyer, form, state):
    state.break_down("orders")
    answer = place(buyer, form)
    assert answer.status == 503
    assert "you will not be charged twice" in answer.page.one(role="alert").text
    state.trouble.clear()
    assert buyer.send(answer, "/checkout").place == f"/orders/{key(form)}"


@pytest.mark.parametrize("basket", ["emptied", "away"])
def test_nor_does_the_form_get_lost_where_the_basket_does_not_tell_either(buyer, form, state, basket):
    state.break_down("orders")
    state.baskets.clear() if basket == "emptied" else state.break_down("cart")
    answer = place(buyer, form)
    assert (answer.status, key(answer)) == (503, key(form))
    assert "you will not be charged twice" in answer.page.one(role="alert").text


def test_a_form_that_was_sent_before_with_another_address_leads_to_the_orders(buyer, form):
    place(buyer, form)
    answer = place(buyer, form, city="Oxford")
    assert answer.place == "/orders"
    assert "This order has been placed before" in answer.text


@pytest.mark.parametrize("key", ["", "another key", "\n", "ä", "x" * 5000])
def test_a_form_with_a_key_that_is_not_of_this_shop_is_refused(buyer, form, state, key):
    assert place(buyer, form, key=key).status == 400
    assert not state.orders


def test_nothing_can_be_bought_with_an_empty_basket(buyer):
    answer = buyer.get("/checkout")
    assert answer.place == "/basket"
    assert "There is nothing in your basket yet." in answer.text


def test_a_basket_that_was_emptied_meanwhile_is_explained(buyer, form, state):
    state.baskets.clear()
    assert place(buyer, form).place == "/basket"


@pytest.mark.parametrize("odd", ["\0", "x" * 5000, "<b>", "🏮", "\r\nX: y"])
def test_odd_characters_go_to_the_orders_as_they_are(buyer, form, state, odd):
    assert place(buyer, form, city=f"a{odd}b").status == 200
    (placed,) = state.orders.values()
    assert placed.shipping.address.city == f"a{odd}b"


def test_who_has_not_signed_in_is_asked_to_and_comes_back(visitor):
    assert visitor.get("/checkout").place == "/sign-in?next=%2Fcheckout"
