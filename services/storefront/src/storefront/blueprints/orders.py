"""The visitor's orders."""

import flask
from flask.typing import ResponseReturnValue

from chassis.errors import AppError, NotFound
from storefront import texts
from storefront.clients import clients
from storefront.layout import BAD, GOOD, redirect, render, sign_in_required
from storefront.texts import N_

bp = flask.Blueprint("orders", __name__, url_prefix="/orders")
_REFRESH_SECONDS = 2


@bp.get("")
@sign_in_required
def list_orders() -> ResponseReturnValue:
    """Show the orders, newest first. `?after=` is the token of the next page."""
    after = flask.request.args.get("after", "")
    return render("orders.html", page=clients().orders.list_orders(page_token=after), is_first=not after)


@bp.get("/<order_id>")
@sign_in_required
def show(order_id: str) -> ResponseReturnValue:
    """Show an order and its journey. The page reloads while the order is pending, unless `?wait=no`."""
    order = clients().orders.get(order_id)
    reloads = order.is_pending and flask.request.args.get("wait") != "no"
    return render("order.html", order=order, refresh_seconds=_REFRESH_SECONDS if reloads else 0)


@bp.post("/<order_id>/cancel")
@sign_in_required
def cancel(order_id: str) -> ResponseReturnValue:
    """Cancel an order."""
    try:
        clients().orders.cancel(order_id)
    except NotFound:
        raise
    except AppError as error:
        flask.flash(texts.of_error(error), BAD)
    else:
        flask.flash(N_("Your order has been canceled. Anything you were charged will be refunded."), GOOD)
    return redirect(f"/orders/{order_id}")
