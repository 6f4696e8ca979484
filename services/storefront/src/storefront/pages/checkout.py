"""The checkout."""

import flask
from flask.typing import ResponseReturnValue
from prometheus_client import Counter

from chassis.errors import AppError, Conflict, Unavailable
from storefront import texts
from storefront.clients.baskets import Baskets
from storefront.clients.orders import Orders
from storefront.domain.basket import Basket
from storefront.domain.cards import CARDS, DEFAULT_CARD
from storefront.domain.forms import checked_key, new_key
from storefront.domain.orders import ADDRESS_FIELDS, Address
from storefront.pages.frame import BAD, Frame, say, signed_in, to

CHECKOUTS = Counter("market_checkouts_total", "Checkout forms sent.", ["outcome"])
_EMPTY = "CART_EMPTY"


class CheckoutPages:
    """The form, and placing the order.

    Each form has an idempotency key of its own: sent twice, it is still one order. The key stays where nobody
    knows whether the order was placed, and changes where the order was refused.
    """

    def __init__(self, frame: Frame, baskets: Baskets, orders: Orders) -> None:
        self._frame = frame
        self._baskets = baskets
        self._orders = orders

    @signed_in
    def show(self) -> ResponseReturnValue:
        """GET /checkout, with the address of the last order filled in."""
        basket = self._baskets.mine()
        if not basket.items:
            return _to_empty_basket()
        last = self._orders.page(size=1).orders
        return self._form(basket, last[0].address if last else Address(), DEFAULT_CARD, new_key())

    @signed_in
    def place(self) -> ResponseReturnValue:
        """POST /checkout: the address's fields, card, key."""
        address = Address(**{name: flask.request.form.get(name, "").strip() for name in ADDRESS_FIELDS})
        card, key = flask.request.form.get("card", ""), checked_key(flask.request.form.get("key", ""))
        try:
            order_id = self._orders.place(address, card, key)
        except AppError as error:
            CHECKOUTS.labels("unknown" if error.code.http >= 500 else "refused").inc()
            return self._not_placed(error, address, card, key)
        CHECKOUTS.labels("placed").inc()
        return to(f"/orders/{order_id}")

    def _not_placed(self, error: AppError, address: Address, card: str, key: str) -> ResponseReturnValue:
        if isinstance(error, Conflict):
            say(BAD, texts.of_error(error))
            return to("/orders")
        if error.code.http >= 500:
            return self._form(self._seen(), address, card, key, texts.REASONS["ORDER_UNKNOWN"], error)
        basket = self._baskets.mine()
        if error.reason == _EMPTY or not basket.items:
            return _to_empty_basket()
        return self._form(basket, address, card, new_key(), texts.of_error(error), error)

    def _seen(self) -> Basket:
        """The basket, as far as it can be seen: it may be empty because the order was placed."""
        try:
            return self._baskets.mine()
        except Unavailable:
            return Basket((), 0)

    def _form(
        self,
        basket: Basket,
        address: Address,
        card: str,
        key: str,
        refused: str = "",
        error: AppError | None = None,
    ) -> ResponseReturnValue:
        metadata = error.metadata if error else {}
        wrong = metadata.get("field", "")
        return self._frame.page(
            "checkout.html",
            error.code.http if error else 200,
            basket=basket,
            address=address,
            cards=CARDS,
            card=card,
            key=key,
            refused=refused,
            errors={wrong: refused} if wrong in ADDRESS_FIELDS else {},
            sold_out=basket.names_of(set(metadata)),
            refused_order=metadata.get("orderId", ""),
        )


def _to_empty_basket() -> ResponseReturnValue:
    say(BAD, texts.REASONS[_EMPTY])
    return to("/basket")
