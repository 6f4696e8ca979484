"""The checkout.

Each form has an idempotency key: a form that is sent twice places one order. If the shop does not know whether an
order was placed, the form keeps its key, so sending it again is safe. If the order was rejected, the form gets a new
key, because the same key would always return the rejected order.
"""

import flask
from flask.typing import ResponseReturnValue

from chassis.errors import AppError, Conflict, Unavailable
from storefront import texts
from storefront.clients import clients
from storefront.domain.cart import Cart
from storefront.domain.orders import (
    ADDRESS_FIELDS,
    CARDS,
    DEFAULT_CARD,
    Address,
    new_idempotency_key,
    parse_idempotency_key,
)
from storefront.layout import BAD, CART, redirect, render, sign_in_required
from storefront.metrics import CHECKOUTS

bp = flask.Blueprint("checkout", __name__)
_CART_EMPTY = "CART_EMPTY"


@bp.get("/checkout")
@sign_in_required
def show() -> ResponseReturnValue:
    """Show the form, with the address of the last order filled in."""
    cart = clients().cart.get()
    if not cart.items:
        return _redirect_to_empty_cart()
    last = clients().orders.list_orders(size=1).orders
    return _form(cart, last[0].address if last else Address(), DEFAULT_CARD, new_idempotency_key())


@bp.post("/checkout")
@sign_in_required
def place_order() -> ResponseReturnValue:
    """Place the order. Form fields: those of the address, card, key."""
    form = flask.request.form
    address = Address(**{name: form.get(name, "").strip() for name in ADDRESS_FIELDS})
    card, key = form.get("card", ""), parse_idempotency_key(form.get("key", ""))
    try:
        order_id = clients().orders.place(address, card, key)
    except AppError as error:
        CHECKOUTS.labels("unknown" if error.code.http >= 500 else "rejected").inc()
        return _not_placed(error, address, card, key)
    CHECKOUTS.labels("placed").inc()
    return redirect(f"/orders/{order_id}")


def _not_placed(error: AppError, address: Address, card: str, key: str) -> ResponseReturnValue:
    if isinstance(error, Conflict):
        flask.flash(texts.of_error(error), BAD)
        return redirect("/orders")
    if error.code.http >= 500:
        return _form(_cart_if_available(), address, card, key, texts.REASONS["ORDER_UNKNOWN"], error)
    cart = clients().cart.get()
    if error.reason == _CART_EMPTY or not cart.items:
        return _redirect_to_empty_cart()
    return _form(cart, address, card, new_idempotency_key(), texts.of_error(error), error)


def _cart_if_available() -> Cart:
    """Return the cart, or an empty one if the cart service does not answer."""
    try:
        return clients().cart.get()
    except Unavailable:
        return Cart()


def _form(
    cart: Cart, address: Address, card: str, key: str, rejection: str = "", error: AppError | None = None
) -> ResponseReturnValue:
    metadata = error.metadata if error else {}
    field = metadata.get("field", "")
    return render(
        "checkout.html",
        error.code.http if error else 200,
        cart=cart,
        address=address,
        cards=CARDS,
        card=card,
        key=key,
        rejection=rejection,
        errors={field: rejection} if field in ADDRESS_FIELDS else {},
        sold_out=cart.names_of(set(metadata)),
        rejected_order=metadata.get("orderId", ""),
    )


def _redirect_to_empty_cart() -> ResponseReturnValue:
    flask.flash(texts.REASONS[_CART_EMPTY], BAD)
    return redirect(CART)
