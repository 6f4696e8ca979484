"""Buying by the API: fills a basket, buys it, sometimes twice at once, sometimes cancels; asks until it is clear."""

from __future__ import annotations

import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from tools.chaos.client import Client, Exchange
from tools.chaos.judging import Verdict, content, reason
from tools.chaos.person import Person
from tools.chaos.promises import WITHOUT_ORDER, Purchase, Told
from tools.chaos.timeouts import CART, CHECKOUT

ADDRESS = {
    "name": "Ada Lovelace", "line1": "12 St James's Square", "line2": "", "city": "London",
    "postalCode": "SW1Y 4JH", "countryCode": "GB",
}  # fmt: skip
CARDS = {
    "tok_visa": 12, "tok_mastercard": 2, "tok_declined": 2, "tok_insufficient_funds": 1, "tok_slow": 1,
    "tok_lost_answer": 2,
}  # fmt: skip
DECLINES = {"tok_declined": ("CARD_DECLINED",), "tok_insufficient_funds": ("INSUFFICIENT_FUNDS",)}
# What may end any purchase: nothing left, nothing in the basket, not done in ten minutes.
_ENDS = ("SOLD_OUT", "CHECKOUT_TIMED_OUT", "CART_EMPTY")
_REMEMBERED = 30  # products that are not wanted again so soon
_AGAIN_SECONDS = 0.3  # before a purchase is asked for again, at most
_PATIENCE_SECONDS = 90.0  # until a purchase is given up that gets no clear answer


@dataclass(frozen=True)
class Goods:
    """What there is to buy: ids of products, in plenty or of which there are few."""

    plentiful: list[str]
    scarce: list[str]


class Buyer:
    """Buys for one person."""

    def __init__(self, person: Person, goods: Goods) -> None:
        self._person = person
        self._goods = goods
        # The end of a purchase takes it out of the basket, which may be late; so what was bought is left alone.
        self._lately: deque[str] = deque(maxlen=_REMEMBERED)

    def buy(self) -> None:
        """One purchase, from the basket to a clear answer."""
        person = self._person
        wanted = self.fill_basket()
        if wanted is None:
            return
        key = str(uuid.UUID(int=person.chance.getrandbits(128)))
        purchase = Purchase(person.account.id, key, self.card(), wanted)
        person.memory.purchases.append(purchase)
        if person.chance.random() < 0.15:
            self._order_twice_at_once(purchase)
        self.insist(purchase, lambda: self._order(person.client, purchase))
        if not purchase.told or purchase.told[-1].reason:
            self.empty_basket()
        elif person.chance.random() < 0.2:
            self._cancel(purchase)

    def card(self) -> str:
        """A card to pay with."""
        return self._person.chance.choices(list(CARDS), list(CARDS.values()))[0]

    def fill_basket(self) -> dict[str, int] | None:
        """Put things into the basket, and give how many of which; None where it cannot be done now."""
        chance, goods = self._person.chance, self._goods
        if goods.scarce and chance.random() < 0.1:
            wanted = {chance.choice(goods.scarce): 1}
        else:
            shelf = [product for product in goods.plentiful if product not in self._lately]
            wanted = {
                product: chance.randint(1, 3) for product in chance.sample(shelf, chance.choice([1, 1, 2, 3]))
            }
        self._lately.extend(wanted)
        for product, quantity in wanted.items():
            path = f"/api/v1/cart/items/{product}"
            _, verdict = self._person.ask("PUT", path, CART, {"quantity": quantity})
            if verdict is not Verdict.WELL:
                return None
        return wanted

    def empty_basket(self) -> None:
        """Put back what could not be bought, as far as that can be done now."""
        seen, verdict = self._person.ask("GET", "/api/v1/cart", CART)
        if verdict is Verdict.WELL:
            for item in content(seen).get("items", []):
                self._person.ask("DELETE", f"/api/v1/cart/items/{item['productId']}", CART)

    def insist(self, purchase: Purchase, ask: Callable[[], Told | None]) -> None:
        """Ask until there is a clear answer."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while ask() is None:
            if time.monotonic() > deadline:
                self._person.memory.unsettled.append(purchase.key)
                return
            time.sleep(self._person.chance.uniform(0, _AGAIN_SECONDS))

    def _order(self, client: Client, purchase: Purchase) -> Told | None:
        exchange, _ = self._person.ask(
            "POST", "/api/v1/orders", CHECKOUT, {"shippingAddress": ADDRESS, "paymentToken": purchase.card},
            key=purchase.key, refusals=(*_ENDS, *DECLINES.get(purchase.card, ())), client=client,
        )  # fmt: skip
        if told := _told(exchange):
            purchase.told.append(told)
        return told

    def _order_twice_at_once(self, purchase: Purchase) -> None:
        def second() -> None:
            client = Client(self._person.port)
            self._order(client, purchase)
            client.close()

        thread = threading.Thread(target=second, daemon=True)
        thread.start()
        self._order(self._person.client, purchase)
        thread.join()

    def _cancel(self, purchase: Purchase) -> None:
        purchase.cancel_asked = True
        path = f"/api/v1/orders/{purchase.told[-1].order_id}:cancel"
        exchange, _ = self._person.ask("POST", path, CHECKOUT, {}, refusals=("ORDER_SHIPPED",))
        if told := _told(exchange):
            purchase.cancel_told.append(told)


def _told(exchange: Exchange) -> Told | None:
    """What the answer says about an order; None where it leaves that open."""
    said = content(exchange)
    if exchange.status == 200 and "state" in said:
        lines = {line["productId"]: int(line["quantity"]) for line in said.get("lines", [])}
        return Told(said.get("id", ""), said["state"], lines=lines)
    if 400 <= exchange.status < 500 and exchange.status != 429 and (given := reason(exchange)):
        about = said["details"][0].get("metadata", {})
        return Told("" if given in WITHOUT_ORDER else about.get("orderId", ""), reason=given)
    return None
