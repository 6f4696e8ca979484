"""What all pages share: the frame around them, who looks at them, and messages."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec
from urllib.parse import urlencode

import flask
from flask.typing import ResponseReturnValue

from chassis.errors import AppError
from storefront import texts
from storefront.session import check_known, is_signed_in
from storefront.window import ShopWindow

P = ParamSpec("P")
_LOOKING = ("/c/", "/p/", "/search")
GOOD, BAD = "good", "bad"


class Frame:
    """Fills templates."""

    def __init__(self, window: ShopWindow) -> None:
        self._window = window

    def page(self, template: str, status: int = 200, **shown: object) -> ResponseReturnValue:
        """A page: the template with what it shows, inside the frame."""
        return flask.render_template(template, stalls=self._window.stalls(), **shown), status

    def error(self, error: AppError, status: int) -> ResponseReturnValue:
        """The page for something that went wrong."""
        page = flask.render_template(
            "error.html",
            stalls=self._window.known_stalls(),
            status=status,
            reason=error.reason,
            message=texts.of_error(error),
        )
        return page, status, {"Retry-After": "2"} if status >= 500 else {}


def to_sign_in(next_place: str) -> ResponseReturnValue:
    """Sends the visitor to sign in, and then on."""
    return to("/sign-in?" + urlencode({"next": next_place}))


def sign_in_place() -> str:
    """The address at which to sign in, and from which the visitor comes back to what they are looking at."""
    if flask.request.path.startswith(_LOOKING):
        return "/sign-in?" + urlencode({"next": flask.request.full_path.rstrip("?")})
    return "/sign-in"


def to(place: str) -> ResponseReturnValue:
    """Sends the visitor to another page of this shop, which is then asked for with GET."""
    return flask.redirect(place, 303)


def say(kind: str, text: str) -> None:
    """Shows a message, in English here, on the visitor's next page."""
    flask.flash(text, kind)


def signed_in(page: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """A page for signed-in visitors only; others are sent to sign in first, and then back."""

    @wraps(page)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if is_signed_in():
            return page(*args, **kwargs)
        check_known()
        asked = flask.request.full_path.rstrip("?") if flask.request.method == "GET" else "/basket"
        return to_sign_in(asked)

    return guarded
