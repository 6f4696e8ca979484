"""The work that is measured: a load client, what buyers do through the gateway, and waiting for its effects."""

from __future__ import annotations

import http.client
import json
import re
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

THREADS = 4
_HOST = "127.0.0.1"
_TIMEOUT = 30.0  # seconds, of one request
_WAIT_TIMEOUT = 120.0  # seconds, until the effects of orders are complete
_PASSWORD = "a long password of the benchmark"  # noqa: S105 - of accounts that exist for minutes
_STREET = {"name": "Ada Lovelace", "line1": "12 St James's Square"}
_ADDRESS = {**_STREET, "city": "London", "postalCode": "SW1Y 4JH", "countryCode": "GB"}

Buyer = dict[str, str]  # the headers that identify who sends a request
Purchase = tuple[Buyer, str]  # a buyer, and the product to buy
PlacedOrder = tuple[Buyer, str]  # a buyer, and the id of the order
T = TypeVar("T")
R = TypeVar("R")


class BenchError(Exception):
    """The benchmark cannot measure."""


class Client:
    """One kept-alive connection to a server on this machine; not thread-safe.

    It is built on http.client because it shares the machine with the measured processes: requests would take several
    times the CPU time of the cheapest measured operation.
    """

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection(_HOST, port, timeout=_TIMEOUT)

    def fetch(self, path: str) -> bytes:
        """Return the body of a page, compressed if the server supports it. Raises BenchError if it is missing."""
        return self._send("GET", path, None, {"Accept-Encoding": "gzip, br"})

    def text(self, path: str) -> str:
        """Return the text of a page. Raises BenchError if it is missing."""
        return self._send("GET", path, None, {}).decode()

    def call(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """Return the JSON body of an API's response. Raises BenchError if the status is not 200 or 201."""
        text = None if body is None else json.dumps(body)
        content_type = {"Content-Type": "application/json"} if text else {}
        return json.loads(self._send(method, path, text, {**content_type, **(headers or {})}))

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def _send(self, method: str, path: str, body: str | None, headers: Mapping[str, str]) -> bytes:
        try:
            self._connection.request(method, path, body, dict(headers))
            response = self._connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise BenchError(f"{method} {path}: {type(error).__name__}: {error}") from error
        if response.status not in (200, 201):
            raise BenchError(f"{method} {path}: unexpected status {response.status}: {content[:500]!r}")
        return content


def spread(port: int, work: Callable[[Client, T], R], items: Sequence[T]) -> list[R]:
    """Call `work` once for each item, in `THREADS` threads. The order of the results is not that of the items."""

    def one_thread(share: Sequence[T]) -> list[R]:
        with Client(port) as client:
            return [work(client, item) for item in share]

    with ThreadPoolExecutor(THREADS) as pool:
        shares = [items[first::THREADS] for first in range(THREADS)]
        return [result for results in pool.map(one_thread, shares) for result in results]


def timed(work: Callable[[Client, T], R], seconds: list[float]) -> Callable[[Client, T], R]:
    """Return `work` extended to append its duration to `seconds`."""

    def measured(client: Client, item: T) -> R:
        started = time.monotonic()
        result = work(client, item)
        seconds.append(time.monotonic() - started)
        return result

    return measured


def sign_up(client: Client, email: str) -> None:
    """Create an account."""
    client.call("POST", "/api/v1/accounts", {"email": email, "password": _PASSWORD, "name": "Ada"})


def sign_in(client: Client, email: str) -> Buyer:
    """Start a session."""
    token = client.call("POST", "/api/v1/sessions", {"email": email, "password": _PASSWORD})["token"]
    return {"Authorization": f"Bearer {token}"}


def fill_cart(client: Client, purchase: Purchase) -> None:
    """Put one unit of the product into the buyer's cart."""
    buyer, product = purchase
    client.call("POST", "/api/v1/cart/items", {"productId": product, "quantity": 1}, buyer)


def order(client: Client, buyer: Buyer) -> PlacedOrder:
    """Order the content of the cart. Raises BenchError unless the order is confirmed at once."""
    headers = {**buyer, "Idempotency-Key": str(uuid.uuid4())}
    body = {"shippingAddress": _ADDRESS, "paymentToken": "tok_visa"}
    answer = client.call("POST", "/api/v1/orders", body, headers)
    if answer["state"] != "CONFIRMED":
        raise BenchError(f"an order was not confirmed: {answer}")
    return buyer, answer["id"]


def new_emails(count: int) -> list[str]:
    """Email addresses without an account."""
    return [f"{uuid.uuid4().hex}@example.com" for _ in range(count)]


def first_purchase(port: int) -> None:
    """Sign up, sign in, fill the cart and order."""
    with Client(port) as client:
        (email,) = new_emails(1)
        sign_up(client, email)
        buyer = sign_in(client, email)
        fill_cart(client, (buyer, products_in_stock(port, 1)[0]))
        order(client, buyer)


def product_ids(port: int) -> list[str]:
    """The ids of the first hundred products."""
    with Client(port) as client:
        return [product["id"] for product in client.call("GET", "/api/v1/products?pageSize=100")["products"]]


def products_in_stock(port: int, units: int) -> list[str]:
    """The ids of the products with at least `units` units available. Raises BenchError if there is none."""

    def stock(client: Client, product: str) -> tuple[str, int]:
        return product, int(client.call("GET", f"/api/v1/products/{product}/stock")["available"])

    levels = spread(port, stock, product_ids(port))
    found = sorted(product for product, available in levels if available >= units)
    if not found:
        raise BenchError(f"no product has {units} units available")
    return found


def style_sheet(port: int) -> str:
    """The path of the style sheet that the home page links to."""
    with Client(port) as client:
        page = client.text("/")
    found = re.search(r'href="(/[^"]+\.css[^"]*)"', page)
    if found is None:
        raise BenchError("the home page links to no style sheet")
    return found[1]


def wait_until_handled(nats_monitoring: int) -> None:
    """Wait until every consumer has handled all events. `nats_monitoring` is the port of NATS's status pages."""
    observations: list[bool] = []

    def handled() -> bool:
        status = client.call("GET", "/jsz?consumers=true")
        streams = [
            stream for account in status["account_details"] for stream in account.get("stream_detail", [])
        ]
        consumers = [consumer for stream in streams for consumer in stream.get("consumer_detail", [])]
        observations.append(not any(one["num_pending"] or one["num_ack_pending"] for one in consumers))
        # An event that is still in an outbox at one observation is in the stream at the next.
        return len(observations) >= 3 and all(observations[-3:])

    with Client(nats_monitoring) as client:
        _wait_until(handled, "all events are handled", pause=0.2)


def wait_until_shipped(gateway: int, nats_monitoring: int, last: Sequence[PlacedOrder]) -> None:
    """Wait until the last orders, and so the ones before, are shipped, and all emails are sent."""
    waiting = list(last)

    def shipped() -> bool:
        while waiting:
            buyer, order_id = waiting[-1]
            if client.call("GET", f"/api/v1/orders/{order_id}", headers=buyer)["state"] != "SHIPPED":
                return False
            waiting.pop()
        return True

    with Client(gateway) as client:
        _wait_until(shipped, "the orders are shipped", pause=1.0)
    wait_until_handled(nats_monitoring)


def _wait_until(condition: Callable[[], bool], what: str, pause: float) -> None:
    deadline = time.monotonic() + _WAIT_TIMEOUT
    while not condition():
        if time.monotonic() > deadline:
            raise BenchError(f"timed out after {_WAIT_TIMEOUT:.0f} s waiting until {what}")
        time.sleep(pause)
