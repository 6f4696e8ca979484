"""The use cases of the cart."""

from collections.abc import Callable, Iterable

from cart.clients import CatalogClient
from cart.domain.carts import Cart, Line, check_quantity
from cart.domain.prices import Item, Product, ProductNotFound, check_product_id, priced
from cart.metrics import EDITS
from cart.store import Store

Edit = Callable[[Cart], Cart]


class CartService:
    """Shows and edits carts.

    An edit asks the catalog before it changes anything. If the catalog is down, the edit fails and nothing has changed.
    """

    def __init__(self, store: Store, catalog: CatalogClient) -> None:
        self._store = store
        self._catalog = catalog

    def items(self, account_id: str) -> list[Item]:
        """Return the account's cart at today's prices."""
        return self._priced(self._store.cart(account_id), {})

    def add(self, account_id: str, product_id: str, quantity: int) -> list[Item]:
        """Add units of a product and return the cart. Raises ProductNotFound, QuantityInvalid and CartFull."""
        check_quantity(quantity, minimum=1)
        items = self._put(account_id, product_id, lambda cart: cart.add(product_id, quantity))
        EDITS.labels("add").inc()
        return items

    def set(self, account_id: str, product_id: str, quantity: int) -> list[Item]:
        """Set the quantity of a product and return the cart; 0 removes the product. Raises as `add` does."""
        check_quantity(quantity, minimum=0)
        if quantity:
            items = self._put(account_id, product_id, lambda cart: cart.set(product_id, quantity))
        else:
            items = self._remove(account_id, product_id)
        EDITS.labels("set").inc()
        return items

    def remove(self, account_id: str, product_id: str) -> list[Item]:
        """Remove a product and return the cart."""
        items = self._remove(account_id, product_id)
        EDITS.labels("remove").inc()
        return items

    def lines(self, account_id: str) -> tuple[Line, ...]:
        """Return the account's cart without names and prices, which needs no catalog."""
        return self._store.cart(account_id).lines

    def remove_bought(self, account_id: str, order_id: str, bought: Iterable[Line]) -> None:
        """Remove what an order bought, once for each order. Raises OrderIdInvalid and QuantityInvalid."""
        lines = tuple(bought)
        self._store.change(account_id, lambda cart: cart.remove_bought(order_id, lines))
        EDITS.labels("buy").inc()

    def _put(self, account_id: str, product_id: str, edit: Edit) -> list[Item]:
        ids = {*_ids(self._store.cart(account_id)), check_product_id(product_id)}
        products = self._catalog.products(ids)
        if product_id not in products:
            raise ProductNotFound("There is no such product.")
        return self._priced(self._store.change(account_id, edit), products)

    def _remove(self, account_id: str, product_id: str) -> list[Item]:
        products = self._catalog.products(_ids(self._store.cart(account_id)))
        return self._priced(self._store.change(account_id, lambda cart: cart.remove(product_id)), products)

    def _priced(self, cart: Cart, products: dict[str, Product]) -> list[Item]:
        # Another request may have added products since the catalog was asked.
        missing = [product_id for product_id in _ids(cart) if product_id not in products]
        return priced(cart, products | self._catalog.products(missing))


def _ids(cart: Cart) -> list[str]:
    return [line.product_id for line in cart.lines]
