import threading

import pytest
from cachetools import TTLCache

from chassis.errors import Unavailable
from storefront.domain.catalog import Category, ProductPage
from storefront.featured_products import FeaturedProducts

TTL = 30.0


class FakeCatalog:
    """Names its category after the number of the call. Fails if `is_down`, and waits for `go_on`."""

    def __init__(self):
        self.calls, self.is_down, self.go_on = 0, False, threading.Event()
        self.go_on.set()
        self.called = threading.Event()

    def categories(self):
        self.calls += 1
        self.called.set()
        assert self.go_on.wait(5)
        if self.is_down:
            raise Unavailable("UPSTREAM_UNAVAILABLE", "catalog is down")
        return [Category(f"call-{self.calls}", "", "")]

    def list_products(self, size):
        assert size == 100
        self.categories()
        return ProductPage((), "")


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def catalog():
    return FakeCatalog()


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(
        "storefront.featured_products.TTLCache",
        lambda maxsize, ttl: TTLCache(maxsize=maxsize, ttl=ttl, timer=clock),
    )
    return clock


@pytest.fixture
def featured(catalog, clock):
    return FeaturedProducts(catalog)


def slug(featured):
    (category,) = featured.categories()
    return category.slug


def test_categories_are_cached(featured, clock):
    assert [slug(featured), slug(featured)] == ["call-1", "call-1"]
    clock.now = TTL - 0.1
    assert slug(featured) == "call-1"


def test_categories_are_read_again_after_the_ttl(featured, clock):
    slug(featured)
    clock.now = TTL
    assert slug(featured) == "call-2"


def test_the_last_known_categories_are_used_for_another_ttl_if_the_catalog_is_down(featured, catalog, clock):
    slug(featured)
    clock.now, catalog.is_down = TTL, True
    assert [slug(featured), slug(featured)] == ["call-1", "call-1"]
    assert catalog.calls == 2


def test_there_are_no_categories_if_the_catalog_has_never_answered(featured, catalog):
    catalog.is_down = True
    assert featured.categories() == []
    catalog.is_down = False
    assert slug(featured) == "call-2"


def test_there_is_an_error_instead_of_products_if_the_catalog_has_never_answered(featured, catalog):
    catalog.is_down = True
    with pytest.raises(Unavailable):
        featured.products()


def test_known_categories_are_read_without_a_call(featured, catalog, clock):
    assert featured.known_categories() == []
    slug(featured)
    clock.now = 1000
    assert ([category.slug for category in featured.known_categories()], catalog.calls) == (["call-1"], 1)


def test_while_one_thread_waits_for_the_catalog_others_use_the_last_known_categories(
    featured, catalog, clock
):
    slug(featured)
    clock.now = TTL
    catalog.called.clear()
    catalog.go_on.clear()
    slow = threading.Thread(target=featured.categories)
    slow.start()
    assert catalog.called.wait(5)
    assert slug(featured) == "call-1"
    catalog.go_on.set()
    slow.join()
    assert slug(featured) == "call-2"
