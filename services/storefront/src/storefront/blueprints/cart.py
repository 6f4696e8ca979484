"""The cart."""

import flask
from flask.typing import ResponseReturnValue

from chassis.errors import AppError
from storefront import texts
from storefront.clients import clients
from storefront.domain.cart import QuantityInvalid, parse_quantity
from storefront.layout import BAD, CART, GOOD, redirect, redirect_to_sign_in, render, sign_in_required
from storefront.session import PendingItem, is_signed_in, require_known_visitor
from storefront.texts import N_

bp = flask.Blueprint("cart", __name__)


@bp.get("/cart")
@sign_in_required
def show() -> ResponseReturnValue:
    """Show the cart. If the visitor added a product before signing in, it is added to the cart first."""
    if pending := PendingItem.pop():
        _add(pending.product_id, pending.quantity)
        return redirect(CART)
    return render("cart.html", cart=clients().cart.get())


@bp.post("/cart/items")
def add_item() -> ResponseReturnValue:
    """Add a product. Form fields: product_id, quantity."""
    product_id = flask.request.form.get("product_id", "")
    quantity = parse_quantity(flask.request.form.get("quantity", "1"))
    if not is_signed_in():
        require_known_visitor()
        PendingItem(product_id, quantity).save()
        return redirect_to_sign_in(CART)
    _add(product_id, quantity)
    return redirect(CART)


@bp.post("/cart/items/<product_id>")
@sign_in_required
def set_item(product_id: str) -> ResponseReturnValue:
    """Set the quantity of a product. Form field: quantity. If it is 0, the product is removed."""
    try:
        quantity = parse_quantity(flask.request.form.get("quantity", ""), minimum=0)
    except QuantityInvalid:
        flask.flash(texts.REASONS["QUANTITY_INVALID"], BAD)
    else:
        clients().cart.set(product_id, quantity)
        flask.flash(N_("Your cart has been updated."), GOOD)
    return redirect(CART)


@bp.post("/cart/items/<product_id>/remove")
@sign_in_required
def remove_item(product_id: str) -> ResponseReturnValue:
    """Remove a product."""
    clients().cart.remove(product_id)
    flask.flash(N_("Removed from your cart."), GOOD)
    return redirect(CART)


def _add(product_id: str, quantity: int) -> None:
    try:
        clients().cart.add(product_id, quantity)
    except AppError as error:
        if error.code.http >= 500:
            raise
        flask.flash(texts.of_error(error), BAD)
    else:
        flask.flash(N_("Added to your cart."), GOOD)
