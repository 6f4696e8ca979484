"""HTTP exchanges of a user with the stack, and the history of all that the user observed."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from tools.chaos.invariants import SOLD, Purchase

# The gateway's timeouts in seconds, as its README documents them.
READ_TIMEOUT = 2.0  # public data
CART_TIMEOUT = 5.0
ORDERS_TIMEOUT = 5.0  # reading orders
CHECKOUT_TIMEOUT = 15.0  # placing and canceling orders
PAGE_TIMEOUT = 20.0
GRACE = 3.0  # seconds that a response may take longer than that, on a busy machine

HTML, JSON = "text/html", "application/json"


def http_client() -> requests.Session:
    """Return an HTTP client with kept-alive connections, which does not retry. It is not thread-safe."""
    client = requests.Session()
    client.trust_env = False  # ignore the environment's proxies
    client.headers["Accept-Encoding"] = "identity"
    return client


@dataclass(frozen=True)
class Exchange:
    """A request and its response. Times are monotonic.

    ``rejections`` are the reasons for which a rejection would be correct. ``status`` is 0 if there is no complete
    response; ``failure`` then describes the error.
    """

    method: str
    path: str
    accept: str  # the content type that was requested
    timeout: float  # the gateway's timeout for this request, in seconds
    rejections: Collection[str]
    sent: float
    ended: float
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    failure: str = ""
    is_truncated: bool = False  # the connection failed in the middle of the response

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def location(self) -> str:
        """The target of a redirect, or an empty string."""
        return self.headers.get("Location", "")

    @property
    def content(self) -> dict[str, Any]:
        """The JSON object in the body, or an empty one."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def reason(self) -> str:
        """The reason in a google.rpc.Status, or an empty string."""
        details = self.content.get("details")
        first = details[0] if isinstance(details, list) and details else {}
        return str(first.get("reason", "")) if isinstance(first, dict) else ""


@dataclass(frozen=True)
class Account:
    """An account's id, and the token of a signed-in user."""

    id: str
    token: str


@dataclass
class History:
    """What a user observed."""

    exchanges: list[Exchange] = field(default_factory=list)
    purchases: list[Purchase] = field(default_factory=list)
    unsettled: list[str] = field(default_factory=list)  # keys of purchases without a clear response

    def sold(self) -> int:
        """Return the number of confirmed purchases."""
        return sum(any(one.state in SOLD for one in purchase.observed) for purchase in self.purchases)


class Session:
    """A user's session, which never raises for network errors. ``rng`` makes the user's choices repeatable."""

    def __init__(self, account: Account, url: str, rng: random.Random) -> None:
        self.account = account
        self.rng = rng
        self.history = History()
        self._url = url
        self._api = http_client()
        self._browser = http_client()
        self._browser.cookies.set("session", account.token)

    def call(
        self, method: str, path: str, timeout: float, body: object = None,
        *, key: str = "", rejections: Collection[str] = (), new_connection: bool = False,
    ) -> Exchange:  # fmt: skip
        """Call the API, with ``key`` as the Idempotency-Key."""
        headers = {"Accept": JSON, "Authorization": f"Bearer {self.account.token}"}
        if key:
            headers["Idempotency-Key"] = key
        client = http_client() if new_connection else self._api
        found = self._exchange(client, method, path, timeout, rejections, headers, json=body)
        if new_connection:
            client.close()
        return found

    def open(self, path: str, form: Mapping[str, str] | None = None) -> Exchange:
        """Open a page of the shop, or submit a form to it."""
        method = "GET" if form is None else "POST"
        return self._exchange(self._browser, method, path, PAGE_TIMEOUT, (), {"Accept": HTML}, data=form)

    def close(self) -> None:
        """Close the connections."""
        self._api.close()
        self._browser.close()

    def _exchange(
        self, client: requests.Session, method: str, path: str, timeout: float, rejections: Collection[str],
        headers: dict[str, str], **arguments: Any,
    ) -> Exchange:  # fmt: skip
        request = (method, path, headers["Accept"], timeout, rejections, time.monotonic())
        try:
            response = client.request(
                method, self._url + path, timeout=timeout + GRACE, headers=headers, allow_redirects=False,
                **arguments,
            )  # fmt: skip
        except requests.RequestException as error:
            found = Exchange(
                *request, time.monotonic(), failure=f"{type(error).__name__}: {error}",
                is_truncated=isinstance(error, requests.exceptions.ChunkedEncodingError),
            )  # fmt: skip
        else:
            ended = time.monotonic()
            found = Exchange(*request, ended, response.status_code, response.headers, response.content)
        self.history.exchanges.append(found)
        return found
