"""Looking around: the home page, stalls, search, products."""

from datetime import UTC, datetime

import flask
from flask.typing import ResponseReturnValue

from chassis.errors import Invalid, NotFound
from storefront import texts
from storefront.aside import Aside
from storefront.clients.shelves import Shelves
from storefront.domain import shop_window
from storefront.domain.goods import Page
from storefront.pages.frame import Frame
from storefront.window import ShopWindow


class Browse:
    """Pages for everybody."""

    def __init__(self, frame: Frame, shelves: Shelves, window: ShopWindow, aside: Aside) -> None:
        self._frame = frame
        self._shelves = shelves
        self._window = window
        self._aside = aside

    def home(self) -> ResponseReturnValue:
        """GET /"""
        products = self._window.products()
        picks = shop_window.picks(products, datetime.now(UTC).date())
        return self._frame.page("home.html", picks=picks, samples=shop_window.samples(products, picks))

    def stall(self, slug: str) -> ResponseReturnValue:
        """GET /c/<stall>?after=<token>"""
        stall = next((stall for stall in self._window.stalls() if stall.slug == slug), None)
        page = self._shelves.page(stall=slug, token=_after())
        if stall is None and not page.products:
            raise NotFound("STALL_NOT_FOUND", "There is no such stall.")
        return self._frame.page("stall.html", stall=stall, slug=slug, page=page, is_first=not _after())

    def search(self) -> ResponseReturnValue:
        """GET /search?q=<words>&after=<token>; without words it shows everything."""
        query, refused = flask.request.args.get("q", "").strip(), ""
        try:
            page = self._shelves.page(query=query, token=_after())
        except Invalid as error:
            page, refused = Page((), ""), texts.of_error(error)
        return self._frame.page(
            "search.html",
            400 if refused else 200,
            query=query,
            refused=refused,
            page=page,
            is_first=not _after(),
        )

    def product(self, product_id: str) -> ResponseReturnValue:
        """GET /p/<id>"""
        stock = self._aside.start(self._shelves.stock, product_id)
        alike = self._shelves.bought_together(product_id)
        # One call for the product and for what goes with it, which saves a fifth of the page's cost.
        found = self._shelves.products([product_id, *alike])
        if not found or found[0].id != product_id:
            raise NotFound("PRODUCT_NOT_FOUND", "There is no such product.")
        return self._frame.page("product.html", product=found[0], stock=stock.result(), alike=found[1:])


def _after() -> str:
    return flask.request.args.get("after", "")
