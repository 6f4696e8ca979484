"""Buying in the shop, as people do: opens the checkout, sends its form, and sends it again while it is not clear."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape

from tools.chaos.buyer import ADDRESS, Buyer
from tools.chaos.client import Exchange
from tools.chaos.judging import Verdict
from tools.chaos.person import Person
from tools.chaos.promises import REFUSED, Purchase, Told
from tools.chaos.timeouts import SHOP

_HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
_FIELDS = {"postalCode": "postal_code", "countryCode": "country_code"}  # the API's names, and the form's


class ShopBuyer:
    """Buys for one person, whose basket is filled as `Buyer` does it."""

    def __init__(self, person: Person, buyer: Buyer) -> None:
        self._person = person
        self._buyer = buyer

    def buy(self) -> None:
        """One purchase, from the basket to a clear answer."""
        wanted = self._buyer.fill_basket()
        if wanted is None:
            return
        page, verdict = self._person.open("/checkout", SHOP)
        if verdict is not Verdict.WELL or page.status != 200:
            return
        purchase = Purchase(self._person.account.id, _hidden(page)["key"], self._buyer.card(), wanted)
        form = {**{_FIELDS.get(name, name): text for name, text in ADDRESS.items()}, "card": purchase.card}
        form |= _hidden(page)
        self._person.memory.purchases.append(purchase)
        self._buyer.insist(purchase, lambda: self._order(purchase, form))
        if not purchase.told or purchase.told[-1].reason:
            self._buyer.empty_basket()

    def _order(self, purchase: Purchase, form: Mapping[str, str]) -> Told | None:
        page, _ = self._person.open("/checkout", SHOP, form)
        if told := _told(page):
            purchase.told.append(told)
            if told.order_id:
                self._person.open(f"/orders/{told.order_id}", SHOP)
        return told


def _hidden(page: Exchange) -> dict[str, str]:
    """The hidden fields of the page's form."""
    return {name: unescape(value) for name, value in _HIDDEN.findall(page.body.decode(errors="replace"))}


def _told(page: Exchange) -> Told | None:
    """What the shop says about the purchase; None where it leaves that open."""
    if page.status == 303 and page.place == "/basket":
        return Told("", reason="CART_EMPTY")
    if page.status == 303 and (placed := re.fullmatch(r"/orders/([\w-]+)", page.place)):
        return Told(placed[1], "PENDING")
    return Told("", reason=REFUSED) if page.status == 400 else None
