"""The visitor's orders."""

import flask
from flask.typing import ResponseReturnValue

from chassis.errors import AppError, NotFound
from storefront import texts
from storefront.clients.orders import Orders
from storefront.pages.frame import BAD, GOOD, Frame, say, signed_in, to
from storefront.texts import N_

_LOOK_AGAIN_SECONDS = "2"


class OrderPages:
    """The list, an order with its journey, and cancelling."""

    def __init__(self, frame: Frame, orders: Orders) -> None:
        self._frame = frame
        self._orders = orders

    @signed_in
    def list(self) -> ResponseReturnValue:
        """GET /orders?after=<token>"""
        after = flask.request.args.get("after", "")
        return self._frame.page("orders.html", page=self._orders.page(token=after), is_first=not after)

    @signed_in
    def show(self, order_id: str) -> ResponseReturnValue:
        """GET /orders/<id>; loads itself again while the order is being worked on, unless ?wait=no."""
        order = self._orders.one(order_id)
        looks_again = not order.is_settled and flask.request.args.get("wait") != "no"
        return self._frame.page(
            "order.html", order=order, look_again=_LOOK_AGAIN_SECONDS if looks_again else ""
        )

    @signed_in
    def cancel(self, order_id: str) -> ResponseReturnValue:
        """POST /orders/<id>/cancel"""
        try:
            self._orders.cancel(order_id)
        except NotFound:
            raise
        except AppError as error:
            say(BAD, texts.of_error(error))
        else:
            say(GOOD, N_("The order is cancelled. What was charged goes back to your card."))
        return to(f"/orders/{order_id}")
