"""A shopper: browses and buys in a thread of its own, until the market closes."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tools.chaos.buyer import Buyer, Goods
from tools.chaos.person import Person
from tools.chaos.shop_buyer import ShopBuyer
from tools.chaos.timeouts import CART, LOOK, READ, SHOP

_THINK_SECONDS = 0.3  # between two doings, at most


class Shopper:
    """Shops until ``closing`` is set, and then learns what became of the last purchase."""

    def __init__(self, person: Person, goods: Goods, closing: threading.Event) -> None:
        self.memory = person.memory
        self._person = person
        self._goods = goods
        self._closing = closing
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="shopper", daemon=True)
        buyer = Buyer(person, goods)
        self._doings: dict[Callable[[], None], int] = {
            self._browse_pages: 3,
            self._browse_api: 4,
            buyer.buy: 3,
            ShopBuyer(person, buyer).buy: 2,
        }

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def join(self) -> None:
        """Wait until the last purchase is settled; raises what went wrong in the shopper itself."""
        self._thread.join()
        if self._error:
            raise self._error

    def _run(self) -> None:
        chance = self._person.chance
        try:
            while not self._closing.is_set():
                chance.choices(list(self._doings), list(self._doings.values()))[0]()
                self._closing.wait(chance.uniform(0, _THINK_SECONDS))
        except Exception as error:
            self._error = error
        finally:
            self._person.client.close()

    def _browse_pages(self) -> None:
        pages = ["/", f"/p/{self._product()}", "/search?q=lantern", "/basket", "/orders"]
        for path in self._person.chance.sample(pages, 2):
            self._person.open(path, SHOP)

    def _browse_api(self) -> None:
        product = f"/api/v1/products/{self._product()}"
        paths = [
            "/api/v1/products?pageSize=20", "/api/v1/products?query=lantern", product, f"{product}/stock",
            f"{product}/recommendations",
        ]  # fmt: skip
        for path in self._person.chance.sample(paths, 3):
            self._person.ask("GET", path, READ)
        self._person.ask("GET", "/api/v1/cart", CART)
        self._person.ask("GET", "/api/v1/orders?pageSize=5", LOOK)

    def _product(self) -> str:
        return self._person.chance.choice(self._goods.plentiful)
