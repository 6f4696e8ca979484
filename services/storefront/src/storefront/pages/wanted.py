"""What somebody wanted to buy before they had signed in, kept in the shop's signed cookie."""

from dataclasses import astuple, dataclass

import flask

_NAME = "wanted"


@dataclass(frozen=True)
class Wanted:
    """So many pieces of a product."""

    product_id: str
    quantity: int


def keep(wanted: Wanted) -> None:
    """Remembers it."""
    flask.session[_NAME] = astuple(wanted)


def taken() -> Wanted | None:
    """What was remembered, which is then forgotten."""
    found = flask.session.pop(_NAME, None)
    return Wanted(*found) if found else None


def forget() -> None:
    """Forgets it."""
    flask.session.pop(_NAME, None)
