"""The basket."""

import flask
from flask.typing import ResponseReturnValue

from chassis.errors import AppError
from storefront import texts
from storefront.clients.baskets import Baskets
from storefront.domain import basket as rules
from storefront.pages import wanted
from storefront.pages.frame import BAD, GOOD, Frame, say, signed_in, to, to_sign_in
from storefront.session import check_known, is_signed_in
from storefront.texts import N_

PLACE = "/basket"


class BasketPages:
    """Shows and changes the basket of the visitor's account."""

    def __init__(self, frame: Frame, baskets: Baskets) -> None:
        self._frame = frame
        self._baskets = baskets

    @signed_in
    def show(self) -> ResponseReturnValue:
        """GET /basket; puts in first what the visitor wanted before signing in."""
        if waiting := wanted.taken():
            self._add(waiting.product_id, waiting.quantity)
            return to(PLACE)
        return self._frame.page("basket.html", basket=self._baskets.mine())

    def add(self) -> ResponseReturnValue:
        """POST /basket/items: product_id, quantity."""
        product_id = flask.request.form.get("product_id", "")
        quantity = rules.quantity(flask.request.form.get("quantity", "1"))
        if not is_signed_in():
            check_known()
            wanted.keep(wanted.Wanted(product_id, quantity))
            return to_sign_in(PLACE)
        self._add(product_id, quantity)
        return to(PLACE)

    @signed_in
    def change(self, product_id: str) -> ResponseReturnValue:
        """POST /basket/items/<product>: quantity; 0 takes it out."""
        try:
            self._baskets.change(product_id, rules.quantity(flask.request.form.get("quantity", ""), least=0))
        except rules.QuantityInvalid:
            say(BAD, texts.REASONS["QUANTITY_INVALID"])
        else:
            say(GOOD, N_("Your basket is up to date."))
        return to(PLACE)

    @signed_in
    def remove(self, product_id: str) -> ResponseReturnValue:
        """POST /basket/items/<product>/remove"""
        self._baskets.remove(product_id)
        say(GOOD, N_("Taken out of your basket."))
        return to(PLACE)

    def _add(self, product_id: str, quantity: int) -> None:
        try:
            self._baskets.add(product_id, quantity)
        except AppError as error:
            if error.code.http >= 500:
                raise
            say(BAD, texts.of_error(error))
        else:
            say(GOOD, N_("It is in your basket."))
