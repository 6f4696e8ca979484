"""Simulated users: each has an account and a thread, in which it browses and buys until the run ends."""

from __future__ import annotations

import random
import re
import secrets
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from html import unescape
from typing import Any

from laptop.stack import Stack
from tools.chaos import exchanges
from tools.chaos.exchanges import Account, Exchange, Session, http_client
from tools.chaos.invariants import REJECTED, WITHOUT_ORDER, Observation, Purchase

_USERS = 10
_PASSWORD = "a long password for chaos"  # noqa: S105 - of accounts that exist for minutes
_MAX_SCARCE, _MIN_PLENTIFUL = 10, 100  # units in stock
_MAX_THINK_TIME = 0.3  # seconds between two actions
_MAX_RETRY_DELAY = 0.3  # seconds before a purchase is repeated
_PURCHASE_TIMEOUT = 90.0  # seconds without a clear response after which a purchase is given up
_RECENT = 30  # the number of recent products that a user does not buy again
_ADDRESS = {
    "name": "Ada Lovelace", "line1": "12 St James's Square", "line2": "", "city": "London",
    "postalCode": "SW1Y 4JH", "countryCode": "GB",
}  # fmt: skip
_FORM_FIELDS = {"postalCode": "postal_code", "countryCode": "country_code"}
_CARDS = {
    "tok_visa": 12, "tok_mastercard": 2, "tok_declined": 2, "tok_insufficient_funds": 1, "tok_slow": 1,
    "tok_lost_answer": 2,
}  # fmt: skip
_DECLINES = {"tok_declined": "CARD_DECLINED", "tok_insufficient_funds": "INSUFFICIENT_FUNDS"}
_REJECTIONS = ("SOLD_OUT", "CHECKOUT_TIMED_OUT", "CART_EMPTY")  # correct for any purchase


class User(threading.Thread):
    """Browses and buys until ``end`` is set and the last purchase has a clear response."""

    def __init__(
        self, session: Session, plentiful: list[str], scarce: list[str], end: threading.Event
    ) -> None:
        super().__init__(name="user", daemon=True)
        self.history = session.history
        self._session = session
        self._rng = session.rng
        self._plentiful, self._scarce = plentiful, scarce  # ids of products
        self._end = end
        self._error: Exception | None = None
        # A purchase removes its products from the cart, perhaps late. So a user does not buy them again soon.
        self._recent: deque[str] = deque(maxlen=_RECENT)

    def run(self) -> None:
        """Run one action after the other."""
        actions = (self._browse_pages, self._browse_api, self._buy_by_api, self._buy_by_page)
        try:
            while not self._end.is_set():
                self._rng.choices(actions, (3, 4, 3, 2))[0]()
                self._end.wait(self._rng.uniform(0, _MAX_THINK_TIME))
        except Exception as error:
            self._error = error
        finally:
            self._session.close()

    def join(self, timeout: float | None = None) -> None:
        """Wait for the end. Raises the exception that ended the thread, if there was one."""
        super().join(timeout)
        if self._error:
            raise self._error

    def _browse_pages(self) -> None:
        pages = ["/", f"/p/{self._rng.choice(self._plentiful)}", "/search?q=lantern", "/cart", "/orders"]
        for path in self._rng.sample(pages, 2):
            self._session.open(path)

    def _browse_api(self) -> None:
        product = f"/api/v1/products/{self._rng.choice(self._plentiful)}"
        paths = [
            "/api/v1/products?pageSize=20", "/api/v1/products?query=lantern", product, f"{product}/stock",
            f"{product}/recommendations",
        ]  # fmt: skip
        for path in self._rng.sample(paths, 3):
            self._session.call("GET", path, exchanges.READ_TIMEOUT)
        self._session.call("GET", "/api/v1/cart", exchanges.CART_TIMEOUT)
        self._session.call("GET", "/api/v1/orders?pageSize=5", exchanges.ORDERS_TIMEOUT)

    def _buy_by_api(self) -> None:
        """Buy through the API; sometimes send the order twice at the same time, sometimes cancel it."""
        if (cart := self._fill_cart()) is None:
            return
        key = str(uuid.UUID(int=self._rng.getrandbits(128)))
        purchase = self._new_purchase(key, cart)
        if self._rng.random() < 0.15:
            duplicate = threading.Thread(target=self._order, args=(purchase, True), daemon=True)
            duplicate.start()
            self._order(purchase)
            duplicate.join()
        self._repeat(purchase, lambda: self._order(purchase))
        if not purchase.is_rejected and self._rng.random() < 0.2:
            self._cancel(purchase)

    def _buy_by_page(self) -> None:
        """Buy with the shop's checkout form."""
        if (cart := self._fill_cart()) is None:
            return
        hidden = _hidden_fields(self._session.open("/checkout"))
        if "key" in hidden:
            purchase = self._new_purchase(hidden["key"], cart)
            address = {_FORM_FIELDS.get(name, name): value for name, value in _ADDRESS.items()}
            self._repeat(
                purchase, lambda: self._submit(purchase, {**address, "card": purchase.card, **hidden})
            )

    def _fill_cart(self) -> dict[str, int] | None:
        """Put products into the cart and return their quantities, or None if it fails."""
        rng = self._rng
        if self._scarce and rng.random() < 0.1:
            cart = {rng.choice(self._scarce): 1}
        else:
            choice = [product for product in self._plentiful if product not in self._recent]
            cart = {product: rng.randint(1, 3) for product in rng.sample(choice, rng.choice([1, 1, 2, 3]))}
        self._recent.extend(cart)
        for product, quantity in cart.items():
            path, body = f"/api/v1/cart/items/{product}", {"quantity": quantity}
            if not self._session.call("PUT", path, exchanges.CART_TIMEOUT, body).is_success:
                return None
        return cart

    def _empty_cart(self) -> None:
        cart = self._session.call("GET", "/api/v1/cart", exchanges.CART_TIMEOUT).content
        for item in cart.get("items", []):
            self._session.call("DELETE", f"/api/v1/cart/items/{item['productId']}", exchanges.CART_TIMEOUT)

    def _new_purchase(self, key: str, cart: Mapping[str, int]) -> Purchase:
        card = self._rng.choices(list(_CARDS), list(_CARDS.values()))[0]
        purchase = Purchase(self._session.account.id, key, card, cart)
        self.history.purchases.append(purchase)
        return purchase

    def _repeat(self, purchase: Purchase, attempt: Callable[[], Observation | None]) -> None:
        """Repeat the attempt until there is a clear response; empty the cart if the purchase is rejected."""
        deadline = time.monotonic() + _PURCHASE_TIMEOUT
        while attempt() is None:
            if time.monotonic() > deadline:
                self.history.unsettled.append(purchase.key)
                break
            time.sleep(self._rng.uniform(0, _MAX_RETRY_DELAY))
        if purchase.is_rejected:
            self._empty_cart()

    def _order(self, purchase: Purchase, new_connection: bool = False) -> Observation | None:
        found = self._session.call(
            "POST", "/api/v1/orders", exchanges.CHECKOUT_TIMEOUT,
            {"shippingAddress": _ADDRESS, "paymentToken": purchase.card}, key=purchase.key,
            rejections=(*_REJECTIONS, _DECLINES.get(purchase.card, "")), new_connection=new_connection,
        )  # fmt: skip
        return _recorded(_observation(found), purchase.observed)

    def _submit(self, purchase: Purchase, form: Mapping[str, str]) -> Observation | None:
        observation = _recorded(_page_observation(self._session.open("/checkout", form)), purchase.observed)
        if observation and observation.order_id:
            self._session.open(f"/orders/{observation.order_id}")
        return observation

    def _cancel(self, purchase: Purchase) -> None:
        purchase.cancel_requested = True
        path = f"/api/v1/orders/{purchase.observed[-1].order_id}:cancel"
        found = self._session.call(
            "POST", path, exchanges.CHECKOUT_TIMEOUT, {}, rejections=("ORDER_SHIPPED",)
        )
        _recorded(_observation(found), purchase.cancel_observed)


def _recorded(observation: Observation | None, observed: list[Observation]) -> Observation | None:
    if observation:
        observed.append(observation)
    return observation


def _observation(found: Exchange) -> Observation | None:
    """Return what the response says about an order, or None if it leaves that open."""
    content, reason = found.content, found.reason
    if found.status == 200 and "state" in content:
        lines = {line["productId"]: int(line["quantity"]) for line in content.get("lines", [])}
        return Observation(content.get("id", ""), content["state"], lines=lines)
    if 400 <= found.status < 500 and found.status != 429 and reason:
        order_id = content["details"][0].get("metadata", {}).get("orderId", "")
        return Observation("" if reason in WITHOUT_ORDER else order_id, reason=reason)
    return None


def _page_observation(page: Exchange) -> Observation | None:
    """Return what a page says about the purchase, or None if it leaves that open."""
    if page.status == 303 and page.location == "/cart":
        return Observation("", reason="CART_EMPTY")
    if page.status == 303 and (order := re.fullmatch(r"/orders/([\w-]+)", page.location)):
        return Observation(order[1], "PENDING")
    return Observation("", reason=REJECTED) if page.status == 400 else None


def _hidden_fields(page: Exchange) -> dict[str, str]:
    """Return the hidden fields of the page's forms, by name."""
    inputs = re.findall(r'<input\b[^>]*\btype="hidden"[^>]*>', page.body.decode(errors="replace"))
    attributes = [dict(re.findall(r'\b(\w+)="([^"]*)"', one)) for one in inputs]
    return {found["name"]: unescape(found["value"]) for found in attributes}


def create_users(stack: Stack, seed: int, end: threading.Event) -> list[User]:
    """Sign up the users of a run. They start to act with `start()`."""
    with http_client() as client:

        def call(method: str, path: str, body: object = None) -> Any:
            response = client.request(method, f"{stack.url}/api/v1/{path}", json=body, timeout=30)
            response.raise_for_status()
            return response.json()

        def sign_up() -> Account:
            credentials = {"email": f"{secrets.token_hex(8)}@example.com", "password": _PASSWORD}
            account = call("POST", "accounts", {**credentials, "name": "Ada"})["account"]
            return Account(account["id"], call("POST", "sessions", credentials)["token"])

        ids = [one["id"] for one in call("GET", "products?pageSize=100")["products"]]
        stock = {one: int(call("GET", f"products/{one}/stock")["available"]) for one in ids}
        accounts = [sign_up() for _ in range(_USERS)]
    plentiful = [one for one in ids if stock[one] >= _MIN_PLENTIFUL]
    scarce = [one for one in ids if stock[one] <= _MAX_SCARCE]
    rngs = [random.Random(f"{seed} {number}") for number in range(_USERS)]
    sessions = [Session(account, stack.url, rng) for account, rng in zip(accounts, rngs, strict=True)]
    return [User(session, plentiful, scarce, end) for session in sessions]
