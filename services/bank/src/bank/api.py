"""The bank's HTTP interface: wire <-> domain."""

import hmac
import re
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import flask

from bank import connection
from bank.config import Config
from bank.domain import authorizations, cards, faults, requests, tokens
from bank.domain.authorizations import Authorization, Charge, Operation
from bank.domain.faults import Faults
from bank.ledger import Entry, Ledger
from bank.processor import Processor
from bank.trouble import Trouble
from chassis import call, paging
from chassis.bodies import Body, no_body, number_in_query
from chassis.errors import Conflict, Invalid, NotFound, Refusals, Refused, Unauthenticated, Unavailable
from chassis.flask import furnish

REFUSALS: Refusals = {
    cards.CardNumberInvalid: Invalid,
    cards.CardExpiryInvalid: Invalid,
    cards.CardExpired: Invalid,
    cards.CardCvcInvalid: Invalid,
    cards.CardNameInvalid: Invalid,
    tokens.TokenUnknown: Invalid,
    authorizations.AmountInvalid: Invalid,
    authorizations.CurrencyInvalid: Invalid,
    authorizations.ReferenceInvalid: Invalid,
    authorizations.AuthorizationNotFound: NotFound,
    authorizations.CardDeclined: Refused,
    authorizations.InsufficientFunds: Refused,
    authorizations.AuthorizationNotOpen: Refused,
    authorizations.AuthorizationNotCaptured: Refused,
    requests.IdempotencyKeyMissing: Invalid,
    requests.IdempotencyKeyInvalid: Invalid,
    requests.IdempotencyKeyReused: Conflict,
    faults.FaultsInvalid: Invalid,
    faults.BankDown: Unavailable,
    faults.BankFlaky: Unavailable,
    faults.BankBusy: Unavailable,
}
_ID = re.compile(r"auth_[0-9a-f]{32}")
_DEFAULT_PAGE, _LARGEST_PAGE = 100, 1000
View = Callable[..., Any]


class BankApi:
    """Answers the bank's paths; README.md describes each."""

    def __init__(self, processor: Processor, ledger: Ledger, config: Config) -> None:
        self._processor = processor
        self._ledger = ledger
        self._trouble = Trouble()
        self._slow_seconds = config.bank_slow_seconds
        self._authorization_header = f"Bearer {config.bank_api_key}".encode()

    def app(self) -> flask.Flask:
        """The Flask app with all routes."""
        app = flask.Flask("bank", static_folder=None)
        self._for_all(app, "POST", "/v1/tokens", self.create_token)
        self._for_all(app, "GET", "/v1/tokens/test-cards", self.list_test_cards)
        self._for_clients(app, "POST", "/v1/authorizations", self.authorize)
        self._for_clients(app, "GET", "/v1/authorizations", self.find_authorizations)
        self._for_clients(app, "GET", "/v1/authorizations/<authorization_id>", self.get_authorization)
        for operation in (Operation.CAPTURE, Operation.VOID, Operation.REFUND):
            path = f"/v1/authorizations/<authorization_id>/{operation}"
            self._for_clients(app, "POST", path, partial(self.move, operation), operation)
        self._for_clients(app, "GET", "/v1/ledger", self.list_entries)
        self._for_clients(app, "GET", "/v1/ledger/balance", self.get_balance)
        for method, view in (
            ("GET", self.get_faults),
            ("PUT", self.put_faults),
            ("DELETE", self.delete_faults),
        ):
            app.add_url_rule("/v1/faults", view.__name__, self._guarded(view), methods=[method])
        return furnish(app, REFUSALS)

    def create_token(self) -> tuple[dict[str, Any], int]:
        """POST /v1/tokens {number, expiry, cvc, name} -> 201 {token}."""
        body = Body("number", "expiry", "cvc", "name")
        token = self._processor.tokenise(*(body.text(name) for name in ("number", "expiry", "cvc", "name")))
        return {"token": token}, 201

    def list_test_cards(self) -> dict[str, Any]:
        """GET /v1/tokens/test-cards -> {testCards: [{token, number, effect}]}."""
        return {
            "testCards": [
                {"token": card.token, "number": card.number, "effect": card.effect}
                for card in tokens.WELL_KNOWN_CARDS
            ]
        }

    def authorize(self) -> tuple[dict[str, Any], int]:
        """POST /v1/authorizations {amountCents, currency, token, reference} -> 201 the authorization."""
        body = Body("amountCents", "currency", "token", "reference")
        charge = Charge(
            body.number("amountCents"), body.text("currency"), body.text("token"), body.text("reference")
        )
        made, behaviour = self._processor.authorize(_key(), charge)
        if behaviour.answers_late:
            time.sleep(self._slow_seconds)
        if behaviour.loses_answer:
            connection.cut()
        return _authorization(made), 201

    def move(self, operation: Operation, authorization_id: str) -> dict[str, Any]:
        """POST /v1/authorizations/{id}/capture, /void, /refund -> the authorization."""
        no_body()
        return _authorization(self._processor.move(_key(), operation, _checked_id(authorization_id)))

    def find_authorizations(self) -> dict[str, Any]:
        """GET /v1/authorizations?idempotencyKey= -> {authorizations: [...]}, one or none."""
        found = self._processor.authorization_under(flask.request.args.get("idempotencyKey", ""))
        return {"authorizations": [_authorization(found)] if found else []}

    def get_authorization(self, authorization_id: str) -> dict[str, Any]:
        """GET /v1/authorizations/{id} -> the authorization."""
        return _authorization(self._processor.authorization(_checked_id(authorization_id)))

    def list_entries(self) -> dict[str, Any]:
        """GET /v1/ledger?reference=&after=&pageSize= -> {entries: [...], nextAfter}."""
        size = paging.page_size(number_in_query("pageSize"), _DEFAULT_PAGE, _LARGEST_PAGE)
        reference = flask.request.args.get("reference", "").replace("\0", "")
        entries, more = self._ledger.page(reference, number_in_query("after"), size)
        return {
            "entries": [_entry(entry) for entry in entries],
            "nextAfter": entries[-1].position if more else None,
        }

    def get_balance(self) -> dict[str, Any]:
        """GET /v1/ledger/balance -> {accounts: {cardholder, holds, merchant}, sum}, in cents."""
        balances = self._ledger.balances()
        return {"accounts": balances, "sum": sum(balances.values())}

    def get_faults(self) -> dict[str, Any]:
        """GET /v1/faults -> {delaySeconds, down, errorShare}."""
        return _faults(self._trouble.faults)

    def put_faults(self) -> dict[str, Any]:
        """PUT /v1/faults {delaySeconds, down, errorShare}, each optional -> the faults in force."""
        body, well = Body("delaySeconds", "down", "errorShare"), Faults()
        return _faults(
            self._trouble.be(
                Faults(
                    body.decimal("delaySeconds", well.delay_seconds),
                    body.flag("down", well.down),
                    body.decimal("errorShare", well.error_share),
                )
            )
        )

    def delete_faults(self) -> dict[str, Any]:
        """DELETE /v1/faults -> the faults in force: none."""
        return _faults(self._trouble.be(Faults()))

    def _for_clients(self, app: flask.Flask, method: str, path: str, view: View, name: str = "") -> None:
        self._for_all(app, method, path, self._guarded(view), name or view.__name__)

    def _for_all(self, app: flask.Flask, method: str, path: str, view: View, name: str = "") -> None:
        def troubled(**values: str) -> Any:
            with self._trouble.around_a_call():
                return view(**values)

        app.add_url_rule(path, name or view.__name__, troubled, methods=[method])

    def _guarded(self, view: View) -> View:
        def guarded(**values: str) -> Any:
            header = flask.request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
            if not hmac.compare_digest(header, self._authorization_header):
                raise Unauthenticated("API_KEY_INVALID", "Send the bank's API key as a bearer token.")
            return view(**values)

        return guarded


def _key() -> str:
    return call.current().headers.get(call.IDEMPOTENCY_KEY, "")


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
