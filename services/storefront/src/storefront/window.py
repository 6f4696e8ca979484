"""The shop window: all stalls and products, as they were at most half a minute ago."""

import logging

from chassis.errors import AppError
from storefront.clients.shelves import Shelves
from storefront.domain.goods import Product, Stall
from storefront.kept import Kept

log = logging.getLogger(__name__)
_KEPT_SECONDS = 30.0
_MOST = 100


class ShopWindow:
    """What the menu and the home page show of the catalogue, so that not every page asks for it.

    Product pages, baskets and orders never show these prices: they ask for today's.
    """

    def __init__(self, shelves: Shelves) -> None:
        self._stalls = Kept(shelves.stalls, _KEPT_SECONDS)
        self._products = Kept(lambda: shelves.page(size=_MOST).products, _KEPT_SECONDS)

    def stalls(self) -> list[Stall]:
        """All stalls, in display order; none where the catalogue has never answered."""
        try:
            return self._stalls.get()
        except AppError as error:
            log.warning("page shown without stalls", extra={"reason": error.reason})
            return []

    def known_stalls(self) -> list[Stall]:
        """All stalls, as far as they are known without asking: for pages about something that went wrong."""
        return self._stalls.known() or []

    def products(self) -> tuple[Product, ...]:
        """The first hundred products. Raises AppError where the catalogue has never answered."""
        return self._products.get()
