"""Moves money: each request once, whatever is repeated or comes at the same time."""

import secrets
from datetime import UTC, datetime
from uuid import uuid4

from prometheus_client import Counter

from bank.domain import cards, requests, tokens
from bank.domain.authorizations import (
    MOVES,
    Authorization,
    AuthorizationNotFound,
    Charge,
    Operation,
    State,
    check_allowed,
    check_not_declined,
)
from bank.domain.tokens import Behaviour
from bank.store import Store

MOVED = Counter(
    "market_bank_operations_total", "What the bank has done, repeated requests left out.", ["state"]
)


class Processor:
    """What the bank does for its clients."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def tokenise(self, number: str, expiry: str, cvc: str, name: str) -> str:
        """A token for a card; a test card has its own. Raises the exceptions of bank.domain.cards."""
        card = cards.checked(number, expiry, cvc, name, datetime.now(UTC).date())
        if known := tokens.well_known_token(cards.digits_of(number)):
            return known
        token = f"tok_{secrets.token_hex(12)}"
        self._store.add_token(token, card)
        return token

    def authorize(self, key: str, charge: Charge) -> tuple[Authorization, Behaviour]:
        """Holds an amount on a card; returns it and how to answer. A repeated request is answered at once.

        Raises TokenUnknown, CardDeclined, InsufficientFunds and the exceptions of bank.domain.requests.
        """
        asked = requests.request(
            key, Operation.AUTHORIZE, charge.amount_cents, charge.currency, charge.token, charge.reference
        )
        self._check_known(charge.token)
        behaviour = tokens.behaviour_of(charge.token)
        made = _decided(charge, behaviour)
        if self._store.add_authorization(asked, made):
            MOVED.labels(made.state).inc()
        else:
            made, behaviour = self._again(asked), Behaviour()
        check_not_declined(made)
        return made, behaviour

    def move(self, key: str, operation: Operation, authorization_id: str) -> Authorization:
        """Captures, voids or refunds all of an authorization.

        Raises AuthorizationNotFound, AuthorizationNotOpen, AuthorizationNotCaptured and the exceptions of
        bank.domain.requests.
        """
        asked = requests.request(key, operation, authorization_id)
        move = MOVES[operation]
        # Moved first and looked at only where that fails: mostly there is nothing in the way.
        while (moved := self._store.move(asked, authorization_id, move)) is None:
            seen = self._store.seen(key, authorization_id)
            if seen.answered:
                return requests.answer_again(seen.answered, asked)
            if seen.authorization is None:
                raise AuthorizationNotFound("There is no such authorization.")
            check_allowed(seen.authorization, move)
        MOVED.labels(move.after).inc()
        return moved

    def authorization(self, authorization_id: str) -> Authorization:
        """Raises AuthorizationNotFound."""
        found = self._store.authorization(authorization_id)
        if found is None:
            raise AuthorizationNotFound("There is no such authorization.")
        return found

    def authorization_under(self, key: str) -> Authorization | None:
        """What the request of this key was about, as it stands now; None where none took effect."""
        answered = self._store.seen(requests.checked_key(key)).answered
        return answered.authorization if answered else None

    def _check_known(self, token: str) -> None:
        known = tokens.is_well_known(token) or (
            tokens.looks_like_a_token(token) and self._store.has_token(token)
        )
        if not known:
            raise tokens.TokenUnknown("The bank has not made this token.")

    def _again(self, asked: requests.Request) -> Authorization:
        answered = self._store.seen(asked.key).answered
        assert answered is not None, "a key that is taken has its request"
        return requests.answer_again(answered, asked)


def _decided(charge: Charge, behaviour: Behaviour) -> Authorization:
    state = State.DECLINED if behaviour.decline_reason else State.AUTHORIZED
    return Authorization(f"auth_{uuid4().hex}", state, charge, datetime.now(UTC), behaviour.decline_reason)
