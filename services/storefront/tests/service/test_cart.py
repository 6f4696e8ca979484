import pytest

from services.storefront.tests.visitor import form_values

ITEMS = "/cart/items"


def add(visitor, product_id, quantity=1):
    return visitor.submit(visitor.get(f"/p/{product_id}"), ITEMS, quantity=str(quantity))


def test_a_product_is_added_to_the_cart_with_a_message(buyer, state):
    cart = add(buyer, "lamps-1", 3)
    assert cart.path == "/cart"
    assert "Added to your cart." in cart.text
    assert state.carts["ada@example.com"] == {"lamps-1": 3}


def test_the_cart_shows_quantities_prices_and_the_subtotal(buyer):
    add(buyer, "lamps-1", 2)
    cart = add(buyer, "teas-4")
    assert [price.text for price in cart.page.all("p", **{"class": "price"})] == ["$3.98", "$4.99"]
    assert "3 items $8.97" in cart.text


def test_a_message_is_shown_once(buyer):
    add(buyer, "lamps-1")
    assert "Added to your cart." not in buyer.get("/cart").text


def test_a_quantity_can_be_changed(buyer, state):
    cart = buyer.submit(add(buyer, "lamps-1"), f"{ITEMS}/lamps-1", quantity="7")
    assert "Your cart has been updated." in cart.text
    assert state.carts["ada@example.com"] == {"lamps-1": 7}


def test_a_quantity_of_zero_removes_the_product(buyer):
    cart = buyer.submit(add(buyer, "lamps-1"), f"{ITEMS}/lamps-1", quantity="0")
    assert "Nothing in here yet." in cart.text


def test_a_product_can_be_removed(buyer, state):
    cart = buyer.submit(add(buyer, "lamps-1"), f"{ITEMS}/lamps-1/remove")
    assert "Removed from your cart." in cart.text
    assert state.carts["ada@example.com"] == {}


@pytest.mark.parametrize("quantity", ["", "many", "-1", "1.5", "100", "9" * 40, "٣", "1e3", "0x10"])
def test_an_invalid_quantity_changes_nothing(buyer, state, quantity):
    cart = buyer.submit(add(buyer, "lamps-1"), f"{ITEMS}/lamps-1", quantity=quantity)
    assert "Please enter a whole number, up to 99." in cart.text
    assert state.carts["ada@example.com"] == {"lamps-1": 1}


@pytest.mark.parametrize("quantity", ["0", "-1", "some", "9" * 40])
def test_adding_an_invalid_quantity_is_an_error(buyer, state, quantity):
    answer = add(buyer, "lamps-1", quantity)
    assert answer.status == 400
    assert "Please enter a whole number, up to 99." in answer.text
    assert not state.carts


def test_a_full_cart_is_explained(buyer, state):
    state.carts["ada@example.com"] = {"lamps-1": 99}
    assert "Your cart is full." in add(buyer, "lamps-1").text


def test_a_product_that_is_no_longer_sold_is_explained(buyer):
    cart = buyer.submit(buyer.get("/p/lamps-1"), ITEMS, product_id="no-such")
    assert "Sorry, we don't carry this product." in cart.text


def test_a_visitor_signs_in_first_and_comes_back(visitor):
    answer = visitor.get("/cart")
    assert answer.path == "/sign-in?next=%2Fcart"
    assert answer.page.one("input", type="hidden", name="next")["value"] == "/cart"


def test_a_product_added_before_signing_in_is_in_the_cart_afterward(visitor, state):
    state.accounts["bob@example.com"] = "lantern light"
    form = add(visitor, "teas-2", 4)
    assert form.path == "/sign-in?next=%2Fcart"
    cart = visitor.submit(form, "/sign-in", email="bob@example.com", password="lantern light")
    assert (cart.path, state.carts) == ("/cart", {"bob@example.com": {"teas-2": 4}})
    assert "Added to your cart." in cart.text


def test_a_product_added_before_signing_up_is_in_the_cart_once(visitor, state):
    form = visitor.get(add(visitor, "teas-2").page.one("main").one("a")["href"])
    visitor.submit(form, "/sign-up", name="Bob", email="bob@example.com", password="lantern light")
    visitor.get("/cart")
    assert state.carts == {"bob@example.com": {"teas-2": 1}}


def test_a_product_added_before_signing_in_is_forgotten_if_the_visitor_signs_in_for_another_page(
    visitor, state
):
    state.accounts["bob@example.com"] = "lantern light"
    add(visitor, "teas-2")
    form = visitor.get("/sign-in?next=/orders")
    visitor.submit(form, "/sign-in", email="bob@example.com", password="lantern light")
    visitor.get("/cart")
    assert state.carts == {"bob@example.com": {}}


def test_a_form_sent_after_the_session_has_expired_leads_to_sign_in_and_back_to_the_cart(buyer):
    add(buyer, "lamps-1")
    form = form_values(buyer.sign_in_as("").get("/sign-in").page, "/sign-in")
    response = buyer.post(f"{ITEMS}/lamps-1", quantity="2", csrf_token=form["csrf_token"])
    assert response.headers["Location"] == "/sign-in?next=%2Fcart"
