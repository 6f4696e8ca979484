"""The application factory."""

import flask
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from chassis import http_server, money
from chassis.errors import ErrorMap, Invalid
from nightmarket import limits
from storefront import session, texts
from storefront.blueprints import account, browse, cart, checkout, orders, system
from storefront.clients import Clients
from storefront.domain.cart import QuantityInvalid
from storefront.domain.orders import FormExpired
from storefront.featured_products import FeaturedProducts
from storefront.layout import error_page, sign_in_url

ERROR_MAP: ErrorMap = {QuantityInvalid: Invalid, FormExpired: Invalid}
# Only files of the shop itself are loaded, and no script runs.
CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "img-src 'self'",
        "style-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ]
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def create_app(
    clients: Clients, secret_key: str, translations: texts.Translations | None = None
) -> flask.Flask:
    """Return the shop's app.

    `secret_key` signs the `shop` cookie and the CSRF tokens. `translations` defaults to the installed languages.
    """
    app = flask.Flask("storefront", static_folder=None)
    app.secret_key = secret_key
    app.jinja_options = {"undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    app.jinja_env.filters["money"] = money.text
    app.jinja_env.globals.update(
        account_email=session.account_email,
        limits=limits,
        is_signed_in=session.is_signed_in,
        sign_in_url=sign_in_url,
        static_url=system.STATIC_FILES.url,
        texts=texts,
    )
    texts.init_app(app, texts.load_translations() if translations is None else translations)
    app.extensions["clients"] = clients
    app.extensions["featured_products"] = FeaturedProducts(clients.catalog)
    app.extensions["readiness"] = system.ShopReadiness(clients)
    for module in (browse, cart, checkout, account, orders, system):
        app.register_blueprint(module.bp)
    http_server.init_app(app, ERROR_MAP, error_page)
    session.init_app(app)
    app.register_error_handler(CSRFError, _csrf_error)
    app.after_request(_add_security_headers)
    # The gateway reports whether the visitor came by HTTPS.
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=0, x_proto=1, x_host=0)  # type: ignore[method-assign]
    return app


def _csrf_error(error: CSRFError) -> ResponseReturnValue:
    return error_page(Invalid("FORM_EXPIRED", error.description or ""), 400)


def _add_security_headers(response: flask.Response) -> flask.Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response
