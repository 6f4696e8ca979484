"""The gRPC service of the catalog: wire <-> store."""

from google.api.httpbody_pb2 import HttpBody
from grpc import ServicerContext

from catalog.domain.products import Product, ProductNotFound, QueryTooLong, Selection, TooManyIds, checked_ids
from catalog.store import Store
from chassis import money, paging
from chassis.errors import ErrorMap, Invalid, NotFound
from nightmarket.catalog.v1 import catalog_pb2 as wire
from nightmarket.catalog.v1.catalog_pb2_grpc import CatalogServiceServicer
from nightmarket.limits import PRODUCTS_PAGE_SIZE

ERROR_MAP: ErrorMap = {ProductNotFound: NotFound, QueryTooLong: Invalid, TooManyIds: Invalid}


class CatalogApi(CatalogServiceServicer):
    """Implements nightmarket.catalog.v1.CatalogService."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def ListProducts(
        self, request: wire.ListProductsRequest, context: ServicerContext
    ) -> wire.ListProductsResponse:
        selection = Selection(request.query, request.category)
        size = paging.page_size(request.page_size, PRODUCTS_PAGE_SIZE)
        kinds = (float, str) if selection.query else (str, str)
        after = paging.cursor(request.page_token, kinds, selection.key)
        products, end = self._store.page(selection, size, after)
        token = paging.token(end, selection.key) if end else ""
        return wire.ListProductsResponse(products=map(_product, products), next_page_token=token)

    def GetProduct(self, request: wire.GetProductRequest, context: ServicerContext) -> wire.Product:
        return _product(self._store.product(request.id))

    def BatchGetProducts(
        self, request: wire.BatchGetProductsRequest, context: ServicerContext
    ) -> wire.BatchGetProductsResponse:
        products = self._store.products(checked_ids(list(request.ids)))
        return wire.BatchGetProductsResponse(products=map(_product, products))

    def GetProductImage(self, request: wire.GetProductImageRequest, context: ServicerContext) -> HttpBody:
        return HttpBody(content_type="image/svg+xml", data=self._store.image(request.id).encode())

    def ListCategories(
        self, request: wire.ListCategoriesRequest, context: ServicerContext
    ) -> wire.ListCategoriesResponse:
        return wire.ListCategoriesResponse(
            categories=[
                wire.Category(
                    slug=one.slug, name=one.name, tagline=one.tagline, product_count=one.product_count
                )
                for one in self._store.categories()
            ]
        )


def _product(product: Product) -> wire.Product:
    return wire.Product(
        id=product.id,
        name=product.name,
        description=product.description,
        category=product.category,
        price=money.to_wire(product.price_cents),
        image_url=f"/api/v1/products/{product.id}/image",
    )
