import pytest

from catalog.__main__ import build_service
from catalog.config import Config
from chassis.errors import Invalid, NotFound
from nightmarket.catalog.v1 import catalog_pb2 as wire
from nightmarket.catalog.v1.catalog_pb2_grpc import CatalogServiceStub
from tests.support.services import channel, started


@pytest.fixture(scope="module")
def catalog(service_database, free_port):
    config = Config(database_url=service_database("catalog"), port=free_port(), admin_port=free_port())
    with started(build_service, config), channel(f"127.0.0.1:{config.port}") as opened:
        yield CatalogServiceStub(opened)


def everything(catalog, **wanted):
    token, ids = "", []
    while True:
        page = catalog.ListProducts(wire.ListProductsRequest(page_token=token, **wanted))
        ids += [product.id for product in page.products]
        token = page.next_page_token
        if not token:
            return ids


def test_pages_together_hold_every_product_once(catalog):
    ids = everything(catalog, page_size=7)
    assert len(ids) == len(set(ids)) >= 60


def test_products_are_in_six_or_more_categories_that_count_them(catalog):
    categories = catalog.ListCategories(wire.ListCategoriesRequest()).categories
    assert len(categories) >= 6
    assert all(everything(catalog, category=c.slug).__len__() == c.product_count > 0 for c in categories)


def test_a_search_finds_products_by_their_words_and_pages_through_them(catalog):
    all_at_once = everything(catalog, query="lantern", page_size=100)
    assert all_at_once
    assert everything(catalog, query="lantern", page_size=1) == all_at_once


def test_a_search_for_punctuation_finds_nothing_and_breaks_nothing(catalog):
    assert everything(catalog, query="'\"()!&|:*\0") == []


def test_a_product_has_a_price_and_a_picture(catalog):
    product = catalog.ListProducts(wire.ListProductsRequest(page_size=1)).products[0]
    same = catalog.GetProduct(wire.GetProductRequest(id=product.id))
    image = catalog.GetProductImage(wire.GetProductImageRequest(id=product.id))
    assert same == product
    assert same.price.currency_code == "USD"
    assert image.content_type == "image/svg+xml"
    assert image.data.lstrip().startswith(b"<svg")


def test_several_products_come_in_the_order_asked_for_without_the_unknown(catalog):
    first, second = [p.id for p in catalog.ListProducts(wire.ListProductsRequest(page_size=2)).products]
    asked = wire.BatchGetProductsRequest(ids=[second, "no-such", first])
    assert [p.id for p in catalog.BatchGetProducts(asked).products] == [second, first]


def test_an_unknown_product_is_not_found(catalog):
    with pytest.raises(NotFound) as refused:
        catalog.GetProduct(wire.GetProductRequest(id="no-such"))
    assert refused.value.reason == "PRODUCT_NOT_FOUND"


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ({"page_size": -1}, "PAGE_SIZE_INVALID"),
        ({"page_size": 101}, "PAGE_SIZE_INVALID"),
        ({"page_token": "not a token"}, "PAGE_TOKEN_INVALID"),
        ({"page_token": "W10"}, "PAGE_TOKEN_INVALID"),
        ({"query": "x" * 201}, "QUERY_TOO_LONG"),
    ],
)
def test_a_list_that_makes_no_sense_is_refused_with_a_reason(catalog, wanted, reason):
    with pytest.raises(Invalid) as refused:
        catalog.ListProducts(wire.ListProductsRequest(**wanted))
    assert refused.value.reason == reason


def test_a_page_token_of_another_search_is_refused(catalog):
    token = catalog.ListProducts(wire.ListProductsRequest(page_size=1)).next_page_token
    with pytest.raises(Invalid) as refused:
        catalog.ListProducts(wire.ListProductsRequest(query="tea", page_token=token))
    assert refused.value.reason == "PAGE_TOKEN_INVALID"
