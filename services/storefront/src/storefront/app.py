"""The Flask app: every route of the shop, and what stands around the pages."""

from collections.abc import Callable

import flask
from flask.sessions import SecureCookieSessionInterface
from flask.typing import ResponseReturnValue
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from chassis import money
from chassis.errors import ErrorMap, Invalid
from chassis.http_app import init_app
from storefront import countries, headers, texts
from storefront.aside import Aside
from storefront.assets import Assets
from storefront.clients import Clients
from storefront.csrf import Csrf
from storefront.domain.basket import QuantityInvalid
from storefront.domain.forms import FormExpired
from storefront.language import Languages, Translations
from storefront.pages.account import AccountPages
from storefront.pages.basket import BasketPages
from storefront.pages.browse import Browse
from storefront.pages.checkout import CheckoutPages
from storefront.pages.frame import Frame, sign_in_place
from storefront.pages.orders import OrderPages
from storefront.pages.plain import PlainPages
from storefront.readiness import MarketReadiness
from storefront.session import account_email, is_signed_in
from storefront.window import ShopWindow

Page = Callable[..., ResponseReturnValue]
ERROR_MAP: ErrorMap = {QuantityInvalid: Invalid, FormExpired: Invalid}


def build(clients: Clients, aside: Aside, secret_key: str, translations: Translations) -> flask.Flask:
    """The app with all its pages."""
    app = flask.Flask("storefront", static_folder=None)
    app.secret_key = secret_key
    app.config["SESSION_COOKIE_NAME"] = "shop"
    app.config["SESSION_COOKIE_SAMESITE"] = "Lax"
    app.session_interface = _Cookies()
    assets, window = Assets(), ShopWindow(clients.shelves)
    frame = Frame(window)
    _speak(app, assets, translations)
    _route(app, frame, clients, window, aside, assets)
    init_app(app, ERROR_MAP, frame.error)
    Csrf(secret_key).attach(app)
    app.after_request(headers.protect)
    # The gateway says by which scheme the visitor came.
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=0, x_proto=1, x_host=0)  # type: ignore[method-assign]
    return app


def _route(
    app: flask.Flask, frame: Frame, clients: Clients, window: ShopWindow, aside: Aside, assets: Assets
) -> None:
    browse = Browse(frame, clients.shelves, window, aside)
    basket = BasketPages(frame, clients.baskets)
    account = AccountPages(frame, clients.accounts)
    checkout = CheckoutPages(frame, clients.baskets, clients.orders)
    orders = OrderPages(frame, clients.orders)
    plain = PlainPages(assets, MarketReadiness(clients, aside))
    routes: list[tuple[str, str, Page]] = [
        ("GET", "/", browse.home),
        ("GET", "/c/<slug>", browse.stall),
        ("GET", "/search", browse.search),
        ("GET", "/p/<product_id>", browse.product),
        ("GET", "/basket", basket.show),
        ("POST", "/basket/items", basket.add),
        ("POST", "/basket/items/<product_id>", basket.change),
        ("POST", "/basket/items/<product_id>/remove", basket.remove),
        ("GET", "/sign-in", account.sign_in_form),
        ("POST", "/sign-in", account.sign_in),
        ("GET", "/sign-up", account.sign_up_form),
        ("POST", "/sign-up", account.sign_up),
        ("POST", "/sign-out", account.sign_out),
        ("GET", "/checkout", checkout.show),
        ("POST", "/checkout", checkout.place),
        ("GET", "/orders", orders.list),
        ("GET", "/orders/<order_id>", orders.show),
        ("POST", "/orders/<order_id>/cancel", orders.cancel),
        ("GET", "/readyz", plain.readyz),
        ("GET", "/robots.txt", plain.robots),
        ("GET", "/favicon.svg", plain.favicon),
        ("GET", "/static/<version>/<name>", plain.asset),
    ]
    for method, path, page in routes:
        app.add_url_rule(path, f"{method} {path}", page, methods=[method])


def _speak(app: flask.Flask, assets: Assets, translations: Translations) -> None:
    app.jinja_options = {"undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    Languages(translations).attach(app)
    app.jinja_env.filters["money"] = money.text
    app.jinja_env.globals.update(
        asset=assets.url, texts=texts, countries=countries.COUNTRIES,
        account_email=account_email, is_signed_in=is_signed_in, sign_in_place=sign_in_place,
    )  # fmt: skip


class _Cookies(SecureCookieSessionInterface):
    """The shop's own cookie: only by https where the visitor came by https."""

    def get_cookie_secure(self, app: flask.Flask) -> bool:
        return flask.request.is_secure
