import pytest

from services.storefront.tests.visitor import filled

ADD = "/basket/items"


def put_in(visitor, product_id, quantity=1):
    return visitor.send(visitor.get(f"/p/{product_id}"), ADD, quantity=str(quantity))


def test_a_product_goes_into_the_basket_and_the_buyer_is_told(buyer, state):
    basket = put_in(buyer, "lamps-1", 3)
    assert basket.place == "/basket"
    assert "It is in your basket." in basket.text
    assert state.baskets["ada@example.com"] == {"lamps-1": 3}


def test_the_basket_shows_pieces_prices_and_the_sum(buyer):
    put_in(buyer, "lamps-1", 2)
    basket = put_in(buyer, "teas-4")
    assert [price.text for price in basket.page.all("p", **{"class": "price"})] == ["$3.98", "$4.99"]
    assert "3 pieces $8.97" in basket.text


def test_a_message_is_shown_once(buyer):
    put_in(buyer, "lamps-1")
    assert "It is in your basket." not in buyer.get("/basket").text


def test_the_number_of_pieces_can_be_changed(buyer, state):
    basket = buyer.send(put_in(buyer, "lamps-1"), f"{ADD}/lamps-1", quantity="7")
    assert "Your basket is up to date." in basket.text
    assert state.baskets["ada@example.com"] == {"lamps-1": 7}


def test_no_pieces_means_that_the_product_leaves_the_basket(buyer):
    basket = buyer.send(put_in(buyer, "lamps-1"), f"{ADD}/lamps-1", quantity="0")
    assert "It is empty." in basket.text


def test_a_product_can_be_taken_out(buyer, state):
    basket = buyer.send(put_in(buyer, "lamps-1"), f"{ADD}/lamps-1/remove")
    assert "Taken out of your basket." in basket.text
    assert state.baskets["ada@example.com"] == {}


@pytest.mark.parametrize("quantity", ["", "many", "-1", "1.5", "100", "9" * 40, "٣", "1e3", "0x10"])
def test_a_number_of_pieces_that_makes_no_sense_changes_nothing(buyer, state, quantity):
    basket = buyer.send(put_in(buyer, "lamps-1"), f"{ADD}/lamps-1", quantity=quantity)
    assert "Please give a whole number of pieces, up to 99." in basket.text
    assert state.baskets["ada@example.com"] == {"lamps-1": 1}


@pytest.mark.parametrize("quantity", ["0", "-1", "some", "9" * 40])
def test_adding_a_number_of_pieces_that_makes_no_sense_is_refused(buyer, state, quantity):
    answer = put_in(buyer, "lamps-1", quantity)
    assert answer.status == 400
    assert "Please give a whole number of pieces, up to 99." in answer.text
    assert not state.baskets


def test_a_full_basket_is_explained(buyer, state):
    state.baskets["ada@example.com"] = {"lamps-1": 99}
    assert "Your basket is full" in put_in(buyer, "lamps-1").text


def test_a_product_that_is_not_sold_any_more_is_explained(buyer):
    basket = buyer.send(buyer.get("/p/lamps-1"), ADD, product_id="no-such")
    assert "This product is not sold here" in basket.text


def test_who_has_not_signed_in_is_asked_to_and_comes_back(visitor):
    answer = visitor.get("/basket")
    assert answer.place == "/sign-in?next=%2Fbasket"
    assert answer.page.one("input", type="hidden", name="next")["value"] == "/basket"


def test_what_was_picked_before_signing_in_is_in_the_basket_afterwards(visitor, state):
    state.accounts["bob@example.com"] = "lantern light"
    form = put_in(visitor, "teas-2", 4)
    assert form.place == "/sign-in?next=%2Fbasket"
    basket = visitor.send(form, "/sign-in", email="bob@example.com", password="lantern light")
    assert (basket.place, state.baskets) == ("/basket", {"bob@example.com": {"teas-2": 4}})
    assert "It is in your basket." in basket.text


def test_what_was_picked_before_signing_up_is_in_the_basket_afterwards_once(visitor, state):
    form = visitor.get(put_in(visitor, "teas-2").page.one("main").one("a")["href"])
    visitor.send(form, "/sign-up", name="Bob", email="bob@example.com", password="lantern light")
    visitor.get("/basket")
    assert state.baskets == {"bob@example.com": {"teas-2": 1}}


def test_what_was_picked_is_forgotten_by_who_signs_in_for_something_else(visitor, state):
    state.accounts["bob@example.com"] = "lantern light"
    put_in(visitor, "teas-2")
    form = visitor.get("/sign-in?next=/orders")
    visitor.send(form, "/sign-in", email="bob@example.com", password="lantern light")
    visitor.get("/basket")
    assert state.baskets == {"bob@example.com": {}}


def test_an_expired_session_leads_from_a_form_back_to_the_basket(buyer):
    put_in(buyer, "lamps-1")
    form = filled(buyer.sign_in_as("").get("/sign-in").page, "/sign-in")
    response = buyer.post(f"{ADD}/lamps-1", quantity="2", csrf=form["csrf"])
    assert response.headers["Location"] == "/sign-in?next=%2Fbasket"
