"""A shopper: browses, fills a basket, buys, sometimes twice at once, sometimes cancels; never gives a purchase up."""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from chaos.client import PAGE, Client, Exchange
from chaos.judging import Judgement, Verdict, content, judged, reason
from chaos.promises import BOUGHT, WITHOUT_ORDER, Purchase, Told

# What the gateway allows itself, in seconds, as its README says.
READ, CART, LOOK, CHECKOUT, SHOP = 2.0, 5.0, 5.0, 15.0, 20.0
CARDS = {
    "tok_visa": 12, "tok_mastercard": 2, "tok_declined": 2, "tok_insufficient_funds": 1, "tok_slow": 1,
    "tok_lost_answer": 2,
}  # fmt: skip
DECLINES = {"tok_declined": ("CARD_DECLINED",), "tok_insufficient_funds": ("INSUFFICIENT_FUNDS",)}
# What may end any purchase: nothing left, nothing in the basket, not done in ten minutes.
_ENDS = ("SOLD_OUT", "CHECKOUT_TIMED_OUT", "CART_EMPTY")
_ADDRESS = {
    "name": "Ada Lovelace", "line1": "12 St James's Square", "line2": "", "city": "London",
    "postalCode": "SW1Y 4JH", "countryCode": "GB",
}  # fmt: skip
_THINK_SECONDS = 0.3  # between two doings, at most
_AGAIN_SECONDS = 0.3  # before a purchase is asked for again
_PATIENCE_SECONDS = 90.0  # until a purchase is given up that gets no clear answer


@dataclass(frozen=True)
class Account:
    """Who shops: the account, and the token that shows it."""

    id: str
    token: str

    @property
    def headers(self) -> Mapping[str, str]:
        """How the API knows the shopper."""
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def cookie(self) -> Mapping[str, str]:
        """How the shop's pages do."""
        return {"Cookie": f"session={self.token}"}


@dataclass
class Memory:
    """What a shopper has seen: every exchange with its judgement, every purchase."""

    exchanges: list[tuple[Exchange, Judgement]] = field(default_factory=list)
    purchases: list[Purchase] = field(default_factory=list)
    unsettled: list[str] = field(default_factory=list)  # keys of purchases that never got a clear answer

    def bought(self) -> int:
        """How many purchases were confirmed."""
        return sum(any(told.state in BOUGHT for told in purchase.told) for purchase in self.purchases)


class Shopper:
    """Shops in a thread of its own until ``closing`` is set; ``goods`` and ``scarce`` are ids of products."""

    def __init__(
        self, port: int, account: Account, seed: str, goods: list[str], scarce: list[str],
        closing: threading.Event,
    ) -> None:  # fmt: skip
        self.memory = Memory()
        self.error: Exception | None = None
        self._port = port
        self._client = Client(port)
        self._account = account
        self._chance = random.Random(seed)
        self._goods, self._scarce = goods, scarce
        self._closing = closing
        self._thread = threading.Thread(target=self._run, name=f"shopper {seed}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def join(self) -> None:
        """Wait until the last purchase is settled; raises what went wrong in the shopper itself."""
        self._thread.join()
        if self.error:
            raise self.error

    def _run(self) -> None:
        doings: dict[Callable[[], object], int] = {self._browse_pages: 3, self._browse_api: 4, self._buy: 4}
        try:
            while not self._closing.is_set():
                self._chance.choices(list(doings), list(doings.values()))[0]()
                self._closing.wait(self._chance.uniform(0, _THINK_SECONDS))
        except Exception as error:
            self.error = error
        finally:
            self._client.close()

    def _browse_pages(self) -> None:
        product = self._chance.choice(self._goods)
        for path in self._chance.sample(["/", f"/p/{product}", "/search?q=lantern", "/basket", "/orders"], 2):
            self._note(self._client.send("GET", path, SHOP, wanted=PAGE, headers=self._account.cookie))

    def _browse_api(self) -> None:
        product = f"/api/v1/products/{self._chance.choice(self._goods)}"
        paths = [
            "/api/v1/products?pageSize=20", "/api/v1/products?query=lantern", product, f"{product}/stock",
            f"{product}/recommendations",
        ]  # fmt: skip
        for path in self._chance.sample(paths, 3):
            self._note(self._client.send("GET", path, READ))
        self._note(self._asked("GET", "/api/v1/cart", CART))
        self._note(self._asked("GET", "/api/v1/orders?pageSize=5", LOOK))

    def _buy(self) -> None:
        if not self._fill_basket():
            return
        card = self._chance.choices(list(CARDS), list(CARDS.values()))[0]
        purchase = Purchase(self._account.id, str(uuid.UUID(int=self._chance.getrandbits(128))), card)
        self.memory.purchases.append(purchase)
        if self._chance.random() < 0.15:
            self._order_twice_at_once(purchase)
        self._order_until_clear(purchase)
        if not purchase.told or purchase.told[-1].reason:
            self._empty_basket()
        elif self._chance.random() < 0.2:
            self._cancel(purchase)

    def _fill_basket(self) -> bool:
        """Put things into the basket; False where it cannot be done now."""
        shelf = self._scarce if self._scarce and self._chance.random() < 0.1 else self._goods
        for product in self._chance.sample(shelf, min(len(shelf), self._chance.choice([1, 1, 1, 2, 3]))):
            body = {"quantity": self._chance.choice([1, 1, 2, 3])}
            put = self._asked("PUT", f"/api/v1/cart/items/{product}", CART, body=body)
            if self._note(put) is not Verdict.WELL:
                return False
        return True

    def _empty_basket(self) -> None:
        """Put back what could not be bought, as far as that can be done now."""
        seen = self._asked("GET", "/api/v1/cart", CART)
        if self._note(seen) is Verdict.WELL:
            for item in content(seen)["items"]:
                self._note(self._asked("DELETE", f"/api/v1/cart/items/{item['productId']}", CART))

    def _order_until_clear(self, purchase: Purchase) -> None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not self._order(self._client, purchase):
            if time.monotonic() > deadline:
                self.memory.unsettled.append(purchase.key)
                return
            time.sleep(self._chance.uniform(0, _AGAIN_SECONDS))

    def _order_twice_at_once(self, purchase: Purchase) -> None:
        def second() -> None:
            client = Client(self._port)
            self._order(client, purchase)
            client.close()

        thread = threading.Thread(target=second, daemon=True)
        thread.start()
        self._order(self._client, purchase)
        thread.join()

    def _order(self, client: Client, purchase: Purchase) -> bool:
        """Ask for the purchase; whether the answer was a clear one."""
        headers = {**self._account.headers, "Idempotency-Key": purchase.key}
        body = {"shippingAddress": _ADDRESS, "paymentToken": purchase.card}
        exchange = client.send("POST", "/api/v1/orders", CHECKOUT, body=body, headers=headers)
        self._note(exchange, (*_ENDS, *DECLINES.get(purchase.card, ())))
        if told := _told(exchange):
            purchase.told.append(told)
        return told is not None

    def _cancel(self, purchase: Purchase) -> None:
        purchase.cancel_asked = True
        path = f"/api/v1/orders/{purchase.told[-1].order_id}:cancel"
        exchange = self._asked("POST", path, CHECKOUT, body={})
        self._note(exchange, ("ORDER_SHIPPED",))
        if told := _told(exchange):
            purchase.cancel_told.append(told)

    def _asked(self, method: str, path: str, timeout: float, body: object = None) -> Exchange:
        return self._client.send(method, path, timeout, body=body, headers=self._account.headers)

    def _note(self, exchange: Exchange, refusals: tuple[str, ...] = ()) -> Verdict:
        judgement = judged(exchange, refusals)
        self.memory.exchanges.append((exchange, judgement))
        return judgement.verdict


def _told(exchange: Exchange) -> Told | None:
    """What the answer says about an order; None where it leaves that open."""
    said = content(exchange)
    if exchange.status == 200 and "state" in said:
        return Told(said["id"], said["state"])
    if 400 <= exchange.status < 500 and exchange.status != 429 and (given := reason(exchange)):
        return Told("" if given in WITHOUT_ORDER else _order_id(said), reason=given)
    return None


def _order_id(said: Mapping[str, object]) -> str:
    details = said["details"]
    assert isinstance(details, list)
    return str(details[0].get("metadata", {}).get("orderId", ""))
