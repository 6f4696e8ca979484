"""Reads the bank's ledger, as its clients may."""

from __future__ import annotations

from typing import Any

import requests

from tools.audit.books import Entry
from tools.audit.errors import CannotRead
from tools.audit.stores import Stores

_PAGE = 1000  # the bank's largest
_SECONDS = 15.0


class Bank:
    """The bank's side of the books."""

    def __init__(self, session: requests.Session, stores: Stores) -> None:
        self._session = session
        self._url = stores.bank_url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {stores.bank_api_key}"}

    def entries(self) -> tuple[Entry, ...]:
        """The whole ledger, the oldest entry first. Raises CannotRead."""
        found: list[Entry] = []
        after: int | None = 0
        while after is not None:
            page = self._get("/v1/ledger", after=after, pageSize=_PAGE)
            found += map(_entry, page["entries"])
            after = page["nextAfter"]
        return tuple(found)

    def balances(self) -> dict[str, int]:
        """What each account has got less what it has given. Raises CannotRead."""
        accounts: dict[str, int] = self._get("/v1/ledger/balance")["accounts"]
        return accounts

    def _get(self, path: str, **query: int) -> dict[str, Any]:
        try:
            answer = self._session.get(
                self._url + path, params=query, headers=self._headers, timeout=_SECONDS
            )
            answer.raise_for_status()
            found: dict[str, Any] = answer.json()
        except requests.RequestException as error:
            raise CannotRead(f"The bank's ledger cannot be read: {_reason(error)}") from error
        return found


def _reason(error: requests.RequestException) -> str:
    if error.response is None:
        return "the bank does not answer."
    return f"the bank answers {error.response.status_code}."


def _entry(entry: dict[str, Any]) -> Entry:
    return Entry(
        position=entry["position"],
        authorization_id=entry["authorizationId"],
        reference=entry["reference"],
        operation=entry["operation"],
        debit=entry["debit"],
        credit=entry["credit"],
        amount_cents=entry["amountCents"],
    )
