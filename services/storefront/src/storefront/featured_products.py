"""The categories and products that the menu and the home page show, cached for 30 s."""

import logging
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import flask
from cachetools import TTLCache

from chassis.errors import AppError
from nightmarket.limits import MAX_PAGE_SIZE
from storefront.clients import CatalogClient
from storefront.domain.catalog import Category, Product

log = logging.getLogger(__name__)
ValueT = TypeVar("ValueT")
_TTL = 30.0


class FeaturedProducts:
    """Reads the catalog for the menu and the home page, so that most pages don't have to.

    If the catalog does not answer, the last known values are used. Product pages, carts and orders never use these
    values: they show current prices.
    """

    def __init__(self, catalog: CatalogClient) -> None:
        self._catalog = catalog
        self._cache: TTLCache[str, Any] = TTLCache(maxsize=2, ttl=_TTL)
        self._last_known: dict[str, Any] = {}
        self._lock = threading.Lock()

    def categories(self) -> list[Category]:
        """Return all categories in display order. Empty if the catalog has never answered."""
        try:
            return self._cached("categories", self._catalog.categories)
        except AppError as error:
            log.warning("categories unavailable; page shown without a menu", extra={"reason": error.reason})
            return []

    def known_categories(self) -> list[Category]:
        """Return the last known categories without calling the catalog. Error pages use this."""
        known: list[Category] = self._last_known.get("categories", [])
        return known

    def products(self) -> tuple[Product, ...]:
        """Return the first hundred products. Raises AppError if the catalog has never answered."""
        return self._cached("products", lambda: self._catalog.list_products(size=MAX_PAGE_SIZE).products)

    def _cached(self, name: str, load: Callable[[], ValueT]) -> ValueT:
        last_known: ValueT | None
        with self._lock:
            cached: ValueT | None = self._cache.get(name)
            if cached is not None:
                return cached
            last_known = self._last_known.get(name)
            if last_known is not None:
                # Until `load` returns, and for another TTL if it fails, all threads use the last known value.
                self._cache[name] = last_known
        try:
            value = load()
        except AppError:
            if last_known is None:
                raise
            return last_known
        with self._lock:
            self._cache[name] = self._last_known[name] = value
        return value


def featured_products() -> FeaturedProducts:
    """Return the featured products of the current app."""
    found: FeaturedProducts = flask.current_app.extensions["featured_products"]
    return found
