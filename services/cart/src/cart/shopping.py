"""What a buyer does with the basket. Prices are asked for before an edit: one that fails has not happened."""

from collections.abc import Callable

from cart.clients import Catalog
from cart.domain.baskets import Basket
from cart.domain.prices import Item, Product, ProductNotFound, checked_product_id, priced
from cart.store import Store

Edit = Callable[[Basket], Basket]


class Shopping:
    """The baskets, at today's prices."""

    def __init__(self, store: Store, catalog: Catalog) -> None:
        self._store = store
        self._catalog = catalog

    def basket(self, account_id: str) -> list[Item]:
        """What is in the account's basket."""
        return self._priced(self._store.basket(account_id), {})

    def put(self, account_id: str, product_id: str, edit: Edit) -> list[Item]:
        """Makes an edit that puts this product into the basket, and returns what is in it then.

        Raises ProductNotFound, and what `edit` raises.
        """
        ids = {*_ids(self._store.basket(account_id)), checked_product_id(product_id)}
        known = self._catalog.products(ids)
        if product_id not in known:
            raise ProductNotFound("There is no such product.")
        return self._priced(self._store.change(account_id, edit), known)

    def take_out(self, account_id: str, product_id: str) -> list[Item]:
        """Takes the product out, and returns what is in the basket then."""
        known = self._catalog.products(_ids(self._store.basket(account_id)))
        return self._priced(self._store.change(account_id, lambda basket: basket.remove(product_id)), known)

    def _priced(self, basket: Basket, known: dict[str, Product]) -> list[Item]:
        # What another tab has added meanwhile, or all of it.
        unknown = [product_id for product_id in _ids(basket) if product_id not in known]
        return priced(basket, known | self._catalog.products(unknown))


def _ids(basket: Basket) -> list[str]:
    return [line.product_id for line in basket.lines]
