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


def all_ids(catalog, **fields):
    token, ids = "", []
    while True:
        page = catalog.ListProducts(wire.ListProductsRequest(page_token=token, **fields))
        ids += [product.id for product in page.products]
        token = page.next_page_token
        if not token:
            return ids


def test_the_pages_have_every_product_once(catalog):
    ids = all_ids(catalog, page_size=7)
    assert len(ids) == len(set(ids)) >= 60


def test_there_are_six_or_more_categories_with_their_product_counts(catalog):
    categories = catalog.ListCategories(wire.ListCategoriesRequest()).categories
    assert len(categories) >= 6
    assert all(len(all_ids(catalog, category=c.slug)) == c.product_count > 0 for c in categories)


def test_a_search_finds_products_by_words_page_by_page(catalog):
    all_at_once = all_ids(catalog, query="lantern", page_size=100)
    assert all_at_once
    assert all_ids(catalog, query="lantern", page_size=1) == all_at_once


def test_a_search_for_punctuation_finds_nothing(catalog):
    assert all_ids(catalog, query="'\"()!&|:*\0") == []


def test_a_product_has_a_price_and_an_image(catalog):
    product = catalog.ListProducts(wire.ListProductsRequest(page_size=1)).products[0]
    same = catalog.GetProduct(wire.GetProductRequest(id=product.id))
    image = catalog.GetProductImage(wire.GetProductImageRequest(id=product.id))
    assert same == product
    assert same.price.currency_code == "USD"
    assert image.content_type == "image/svg+xml"
    assert image.data.lstrip().startswith(b"<svg")


def test_a_batch_has_the_requested_order_without_unknown_products(catalog):
    first, second = [p.id for p in catalog.ListProducts(wire.ListProductsRequest(page_size=2)).products]
    asked = wire.BatchGetProductsRequest(ids=[second, "no-such", first])
    assert [p.id for p in catalog.BatchGetProducts(asked).products] == [second, first]


def test_an_unknown_product_is_not_found(catalog):
    with pytest.raises(NotFound) as error:
        catalog.GetProduct(wire.GetProductRequest(id="no-such"))
    assert error.value.reason == "PRODUCT_NOT_FOUND"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"page_size": -1}, "PAGE_SIZE_INVALID"),
        ({"page_size": 101}, "PAGE_SIZE_INVALID"),
        ({"page_token": "not a token"}, "PAGE_TOKEN_INVALID"),
        ({"page_token": "W10"}, "PAGE_TOKEN_INVALID"),
        ({"query": "x" * 201}, "QUERY_TOO_LONG"),
    ],
)
def test_an_invalid_list_request_is_rejected_with_a_reason(catalog, fields, reason):
    with pytest.raises(Invalid) as error:
        catalog.ListProducts(wire.ListProductsRequest(**fields))
    assert error.value.reason == reason


def test_a_page_token_of_another_search_is_rejected(catalog):
    token = catalog.ListProducts(wire.ListProductsRequest(page_size=1)).next_page_token
    with pytest.raises(Invalid) as error:
        catalog.ListProducts(wire.ListProductsRequest(query="tea", page_token=token))
    assert error.value.reason == "PAGE_TOKEN_INVALID"
