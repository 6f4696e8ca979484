"""Tokens: what stands for a card, and what paying with it leads to."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

CARD_DECLINED, INSUFFICIENT_FUNDS = "CARD_DECLINED", "INSUFFICIENT_FUNDS"


class TokenUnknown(Exception):
    """No card has this token."""


@dataclass(frozen=True)
class Behaviour:
    """What happens when a card is charged.

    `decline_reason` is empty where the money is there. `answers_late`: it is done at once, but the answer
    takes its time. `loses_answer`: it is done, and the connection ends without an answer.
    """

    decline_reason: str = ""
    answers_late: bool = False
    loses_answer: bool = False


@dataclass(frozen=True)
class WellKnownCard:
    """A test card: its token and its number always work."""

    token: str
    number: str
    effect: str
    behaviour: Behaviour = Behaviour()


WELL_KNOWN_CARDS = (
    WellKnownCard("tok_visa", "4242424242424242", "succeeds"),
    WellKnownCard("tok_mastercard", "5555555555554444", "succeeds"),
    WellKnownCard("tok_declined", "4000000000000002", "is declined", Behaviour(CARD_DECLINED)),
    WellKnownCard(
        "tok_insufficient_funds",
        "4000000000009995",
        "is declined for want of money",
        Behaviour(INSUFFICIENT_FUNDS),
    ),
    WellKnownCard("tok_slow", "4000000000000077", "succeeds, but answers late", Behaviour(answers_late=True)),
    WellKnownCard(
        "tok_lost_answer",
        "4000000000000119",
        "succeeds, but the connection ends without an answer",
        Behaviour(loses_answer=True),
    ),
)
_BY_TOKEN: Mapping[str, WellKnownCard] = MappingProxyType({card.token: card for card in WELL_KNOWN_CARDS})
_BY_NUMBER: Mapping[str, str] = MappingProxyType({card.number: card.token for card in WELL_KNOWN_CARDS})
_AS_IT_SHOULD = Behaviour()


def well_known_token(digits: str) -> str | None:
    """The token of a test card's number; None for any other number."""
    return _BY_NUMBER.get(digits)


def is_well_known(token: str) -> bool:
    """Whether the token is a test card's."""
    return token in _BY_TOKEN


def looks_like_a_token(token: str) -> bool:
    """Whether the bank may have made this token at all."""
    return re.fullmatch(r"tok_[a-z0-9_]{1,60}", token) is not None


def behaviour_of(token: str) -> Behaviour:
    """What charging this card leads to; one that isn't well known has money and is answered at once."""
    card = _BY_TOKEN.get(token)
    return card.behaviour if card else _AS_IT_SHOULD
