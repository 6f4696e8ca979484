"""The use cases of the bank. Each request to move money takes effect once, even if it is repeated concurrently."""

import secrets
from datetime import UTC, datetime
from uuid import uuid4

from bank.domain import cards
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
from bank.domain.cards import Behavior
from bank.domain.idempotency import Request, checked_key, first_response, new_request
from bank.metrics import OPERATIONS
from bank.store import Store


class BankService:
    """Issues tokens for cards, and authorizes, captures, voids and refunds amounts."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create_token(self, number: str, expiry: str, cvc: str, name: str) -> str:
        """Return a token for a card; a test card has a fixed one. Raises as `checked_card` does."""
        card = cards.checked_card(number, expiry, cvc, name, datetime.now(UTC).date())
        if token := cards.well_known_token(cards.digits_of(number)):
            return token
        token = f"tok_{secrets.token_hex(12)}"
        self._store.add_token(token, card)
        return token

    def authorize(self, key: str, charge: Charge) -> tuple[Authorization, Behavior]:
        """Hold an amount on a card. Returns the authorization and how to respond; a repeated request responds normally.

        Raises TokenUnknown, CardDeclined, InsufficientFunds and the exceptions of bank.domain.idempotency.
        """
        request = new_request(
            key, Operation.AUTHORIZE, charge.amount_cents, charge.currency, charge.token, charge.reference
        )
        self._check_known(charge.token)
        behavior = cards.behavior_of(charge.token)
        authorization = _decide(charge, behavior)
        if self._store.add_authorization(request, authorization):
            OPERATIONS.labels(authorization.state).inc()
        else:
            authorization, behavior = self._first_response(request), Behavior()
        check_not_declined(authorization)
        return authorization, behavior

    def move(self, key: str, operation: Operation, authorization_id: str) -> Authorization:
        """Capture, void or refund the whole amount of an authorization.

        Raises AuthorizationNotFound, AuthorizationNotOpen, AuthorizationNotCaptured and the exceptions of
        bank.domain.idempotency.
        """
        request = new_request(key, operation, authorization_id)
        move = MOVES[operation]
        # Try the move first and look for the cause only if it fails, because it usually succeeds. If the cause is gone
        # by then, try again.
        while (moved := self._store.move(request, authorization_id, move)) is None:
            found = self._store.look_up(key, authorization_id)
            if found.completed:
                return first_response(found.completed, request)
            if found.authorization is None:
                raise AuthorizationNotFound("There is no such authorization.")
            check_allowed(found.authorization, move)
        OPERATIONS.labels(move.after).inc()
        return moved

    def authorization(self, authorization_id: str) -> Authorization:
        """Return the authorization with this id. Raises AuthorizationNotFound."""
        found = self._store.authorization(authorization_id)
        if found is None:
            raise AuthorizationNotFound("There is no such authorization.")
        return found

    def authorization_by_key(self, key: str) -> Authorization | None:
        """Return the current authorization of the request with this key. Returns None if none took effect.

        Raises IdempotencyKeyMissing and IdempotencyKeyInvalid.
        """
        completed = self._store.look_up(checked_key(key)).completed
        return completed.authorization if completed else None

    def _check_known(self, token: str) -> None:
        if cards.is_well_known(token) or (cards.is_well_formed(token) and self._store.has_token(token)):
            return
        raise cards.TokenUnknown("The bank has not issued this token.")

    def _first_response(self, request: Request) -> Authorization:
        completed = self._store.look_up(request.key).completed
        assert completed is not None, "the key is taken, so its request is stored"
        return first_response(completed, request)


def _decide(charge: Charge, behavior: Behavior) -> Authorization:
    state = State.DECLINED if behavior.decline_reason else State.AUTHORIZED
    return Authorization(f"auth_{uuid4().hex}", state, charge, datetime.now(UTC), behavior.decline_reason)
