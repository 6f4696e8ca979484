"""The HTTP API of the bank: wire <-> domain."""

import hmac
import re
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import flask

from bank.config import Config
from bank.domain import authorizations, cards, faults, idempotency
from bank.domain.authorizations import Authorization, Charge, Operation
from bank.domain.faults import Faults
from bank.fault_injector import FaultInjector, close_connection
from bank.service import BankService
from bank.store import Entry, Store
from chassis import context, paging
from chassis.errors import (
    Conflict,
    ErrorMap,
    FailedPrecondition,
    Invalid,
    NotFound,
    Unauthenticated,
    Unavailable,
)
from chassis.http_server import init_app
from chassis.json_body import Body, no_body, number_in_query

ERROR_MAP: ErrorMap = {
    cards.CardNumberInvalid: Invalid,
    cards.CardExpiryInvalid: Invalid,
    cards.CardExpired: Invalid,
    cards.CardCvcInvalid: Invalid,
    cards.CardNameInvalid: Invalid,
    cards.TokenUnknown: Invalid,
    authorizations.AmountInvalid: Invalid,
    authorizations.CurrencyInvalid: Invalid,
    authorizations.ReferenceInvalid: Invalid,
    authorizations.AuthorizationNotFound: NotFound,
    authorizations.CardDeclined: FailedPrecondition,
    authorizations.InsufficientFunds: FailedPrecondition,
    authorizations.AuthorizationNotOpen: FailedPrecondition,
    authorizations.AuthorizationNotCaptured: FailedPrecondition,
    idempotency.IdempotencyKeyMissing: Invalid,
    idempotency.IdempotencyKeyInvalid: Invalid,
    idempotency.IdempotencyKeyReused: Conflict,
    faults.FaultsInvalid: Invalid,
    faults.BankDown: Unavailable,
    faults.BankFlaky: Unavailable,
    faults.BankBusy: Unavailable,
}
_ID = re.compile(r"auth_[0-9a-f]{32}")
_DEFAULT_PAGE_SIZE, _MAX_PAGE_SIZE = 100, 1000
View = Callable[..., Any]


class BankApi:
    """Implements the routes; README.md describes each."""

    def __init__(
        self, service: BankService, store: Store, fault_injector: FaultInjector, config: Config
    ) -> None:
        self._service = service
        self._store = store
        self._fault_injector = fault_injector
        self._slow_seconds = config.bank_slow_seconds
        self._authorization_header = f"Bearer {config.bank_api_key}".encode()

    def app(self) -> flask.Flask:
        """Return the Flask app with all routes."""
        app = flask.Flask("bank", static_folder=None)
        self._add_public_route(app, "POST", "/v1/tokens", self.create_token)
        self._add_public_route(app, "GET", "/v1/tokens/test-cards", self.list_test_cards)
        self._add_route(app, "POST", "/v1/authorizations", self.authorize)
        self._add_route(app, "GET", "/v1/authorizations", self.find_authorizations)
        self._add_route(app, "GET", "/v1/authorizations/<authorization_id>", self.get_authorization)
        for operation in (Operation.CAPTURE, Operation.VOID, Operation.REFUND):
            path = f"/v1/authorizations/<authorization_id>/{operation}"
            self._add_route(app, "POST", path, partial(self.move, operation), operation)
        self._add_route(app, "GET", "/v1/ledger", self.list_entries)
        self._add_route(app, "GET", "/v1/ledger/balance", self.get_balance)
        # Faults don't apply to these routes, so that it is always possible to clear them.
        for method, view in (
            ("GET", self.get_faults),
            ("PUT", self.put_faults),
            ("DELETE", self.delete_faults),
        ):
            app.add_url_rule("/v1/faults", view.__name__, self._authenticated(view), methods=[method])
        return init_app(app, ERROR_MAP)

    def create_token(self) -> tuple[dict[str, Any], int]:
        """POST /v1/tokens {number, expiry, cvc, name} -> 201 {token}."""
        token = self._service.create_token(*Body("number", "expiry", "cvc", "name").texts())
        return {"token": token}, 201

    def list_test_cards(self) -> dict[str, Any]:
        """GET /v1/tokens/test-cards -> {testCards: [{token, number, effect}]}."""
        return {
            "testCards": [
                {"token": card.token, "number": card.number, "effect": card.effect}
                for card in cards.WELL_KNOWN_CARDS
            ]
        }

    def authorize(self) -> tuple[dict[str, Any], int]:
        """POST /v1/authorizations {amountCents, currency, token, reference} -> 201 the authorization."""
        body = Body("amountCents", "currency", "token", "reference")
        charge = Charge(
            body.number("amountCents"), body.text("currency"), body.text("token"), body.text("reference")
        )
        authorization, behavior = self._service.authorize(_key(), charge)
        if behavior.answers_late:
            time.sleep(self._slow_seconds)
        if behavior.loses_answer:
            close_connection()
        return _authorization(authorization), 201

    def move(self, operation: Operation, authorization_id: str) -> dict[str, Any]:
        """POST /v1/authorizations/{id}/capture, /void, /refund -> the authorization."""
        no_body()
        return _authorization(self._service.move(_key(), operation, _checked_id(authorization_id)))

    def find_authorizations(self) -> dict[str, Any]:
        """GET /v1/authorizations?idempotencyKey= -> {authorizations: [...]}, one or none."""
        found = self._service.authorization_by_key(flask.request.args.get("idempotencyKey", ""))
        return {"authorizations": [_authorization(found)] if found else []}

    def get_authorization(self, authorization_id: str) -> dict[str, Any]:
        """GET /v1/authorizations/{id} -> the authorization."""
        return _authorization(self._service.authorization(_checked_id(authorization_id)))

    def list_entries(self) -> dict[str, Any]:
        """GET /v1/ledger?reference=&after=&pageSize= -> {entries: [...], nextAfter}."""
        size = paging.page_size(number_in_query("pageSize"), _DEFAULT_PAGE_SIZE, _MAX_PAGE_SIZE)
        reference = flask.request.args.get("reference", "").replace("\0", "")
        entries, more = self._store.ledger_page(reference, number_in_query("after"), size)
        return {
            "entries": [_entry(entry) for entry in entries],
            "nextAfter": entries[-1].position if more else None,
        }

    def get_balance(self) -> dict[str, Any]:
        """GET /v1/ledger/balance -> {accounts: {cardholder, holds, merchant}, sum}, in cents."""
        balances = self._store.balances()
        return {"accounts": balances, "sum": sum(balances.values())}

    def get_faults(self) -> dict[str, Any]:
        """GET /v1/faults -> {delaySeconds, down, errorShare}."""
        return _faults(self._fault_injector.faults)

    def put_faults(self) -> dict[str, Any]:
        """PUT /v1/faults {delaySeconds, down, errorShare}, each optional -> the active faults."""
        body, none = Body("delaySeconds", "down", "errorShare"), Faults()
        faults = Faults(
            body.decimal("delaySeconds", none.delay_seconds),
            body.flag("down", none.down),
            body.decimal("errorShare", none.error_share),
        )
        return _faults(self._fault_injector.set_faults(faults))

    def delete_faults(self) -> dict[str, Any]:
        """DELETE /v1/faults -> the active faults, that is, none."""
        return _faults(self._fault_injector.set_faults(Faults()))

    def _add_route(self, app: flask.Flask, method: str, path: str, view: View, name: str = "") -> None:
        self._add_public_route(app, method, path, self._authenticated(view), name or view.__name__)

    def _add_public_route(self, app: flask.Flask, method: str, path: str, view: View, name: str = "") -> None:
        def with_faults(**values: str) -> Any:
            with self._fault_injector.inject():
                return view(**values)

        app.add_url_rule(path, name or view.__name__, with_faults, methods=[method])

    def _authenticated(self, view: View) -> View:
        def authenticated(**values: str) -> Any:
            header = flask.request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
            if not hmac.compare_digest(header, self._authorization_header):
                raise Unauthenticated("API_KEY_INVALID", "Send the bank's API key as a bearer token.")
            return view(**values)

        return authenticated


def _key() -> str:
    return context.current().headers.get(context.IDEMPOTENCY_KEY, "")


def _checked_id(authorization_id: str) -> str:
    if not _ID.fullmatch(authorization_id):
        raise authorizations.AuthorizationNotFound("There is no such authorization.")
    return authorization_id


def _authorization(authorization: Authorization) -> dict[str, Any]:
    return {
        "id": authorization.id,
        "state": authorization.state,
        "amountCents": authorization.charge.amount_cents,
        "currency": authorization.charge.currency,
        "reference": authorization.charge.reference,
        "declineReason": authorization.decline_reason,
        "createTime": _time(authorization.create_time),
    }


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "position": entry.position,
        "time": _time(entry.time),
        "authorizationId": entry.authorization_id,
        "reference": entry.reference,
        "operation": entry.operation,
        "debit": entry.debit,
        "credit": entry.credit,
        "amountCents": entry.amount_cents,
    }


def _faults(faults: Faults) -> dict[str, Any]:
    return {"delaySeconds": faults.delay_seconds, "down": faults.down, "errorShare": faults.error_share}


def _time(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
