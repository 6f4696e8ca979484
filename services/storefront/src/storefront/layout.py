"""What all pages share: rendering, the error page, redirects and messages."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec
from urllib.parse import urlencode

import flask
from flask.typing import ResponseReturnValue

from chassis.errors import AppError
from storefront import texts
from storefront.featured_products import featured_products
from storefront.session import is_signed_in, require_known_visitor

P = ParamSpec("P")
GOOD, BAD = "good", "bad"  # the kinds of messages, and their CSS classes
HOME, CART = "/", "/cart"
MAX_PATH_LENGTH = 500
_BROWSING = ("/c/", "/p/", "/search")


def render(template: str, status: int = 200, **values: object) -> ResponseReturnValue:
    """Return a page with the menu of categories."""
    return flask.render_template(template, categories=featured_products().categories(), **values), status


def error_page(error: AppError, status: int) -> ResponseReturnValue:
    """Return the page for an error. It calls no service, because the error may be that one does not answer."""
    page = flask.render_template(
        "error.html",
        categories=featured_products().known_categories(),
        status=status,
        reason=error.reason,
        message=texts.of_error(error),
    )
    return page, status, {"Retry-After": "2"} if status >= 500 else {}


def redirect(path: str) -> ResponseReturnValue:
    """Redirect to a path of the shop. 303 makes the browser use GET."""
    return flask.redirect(path, 303)


def redirect_to_sign_in(next_path: str) -> ResponseReturnValue:
    """Redirect to the sign-in form, which leads to `next_path` afterward."""
    return redirect("/sign-in?" + urlencode({"next": next_path}))


def sign_in_url() -> str:
    """Return the URL of the sign-in link. If the visitor is browsing, it leads back to the current page."""
    if flask.request.path.startswith(_BROWSING):
        return "/sign-in?" + urlencode({"next": _current_path()})
    return "/sign-in"


def safe_path(path: str) -> str:
    """Return `path` if it is a path of this shop, else the home page, so that no link redirects to another site.

    Browsers also read "//host", "/\\host" and some control characters as another site.
    """
    is_local = path.startswith("/") and not path.startswith("//") and len(path) <= MAX_PATH_LENGTH
    is_plain = all("!" <= character <= "~" and character != "\\" for character in path)
    return path if is_local and is_plain else HOME


def sign_in_required(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Decorate a view that needs an account. Other visitors are redirected to sign in first, and then back."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if is_signed_in():
            return view(*args, **kwargs)
        require_known_visitor()
        return redirect_to_sign_in(_current_path() if flask.request.method == "GET" else CART)

    return guarded


def _current_path() -> str:
    return flask.request.full_path.rstrip("?")
