"""What buyers do, through the gateway, and knowing when all that follows from it is done."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence

from laptop.errors import LaptopError
from laptop.ports import Ports
from tools.bench.client import Client, spread

_PASSWORD = "a long password of the benchmark"  # noqa: S105 - of accounts that exist for minutes
_PATIENCE = 120.0  # seconds
_STREET = {"name": "Ada Lovelace", "line1": "12 St James's Square"}
_ADDRESS = {**_STREET, "city": "London", "postalCode": "SW1Y 4JH", "countryCode": "GB"}

Buyer = dict[str, str]  # the headers that show who sends a request
Placed = tuple[Buyer, str]  # an order's id, and whose it is


def sign_up(client: Client, email: str) -> None:
    """Open an account."""
    client.call("POST", "/api/v1/accounts", {"email": email, "password": _PASSWORD, "name": "Ada"})


def sign_in(client: Client, email: str) -> Buyer:
    """Become a buyer."""
    token = client.call("POST", "/api/v1/sessions", {"email": email, "password": _PASSWORD})["token"]
    return {"Authorization": f"Bearer {token}"}


def fill_basket(client: Client, errand: tuple[Buyer, str]) -> None:
    """Put one piece of a product into the basket."""
    buyer, product = errand
    client.call("POST", "/api/v1/cart/items", {"productId": product, "quantity": 1}, buyer)


def order(client: Client, buyer: Buyer) -> Placed:
    """Buy what is in the basket; `LaptopError` unless the order is confirmed at once."""
    headers = {**buyer, "Idempotency-Key": str(uuid.uuid4())}
    body = {"shippingAddress": _ADDRESS, "paymentToken": "tok_visa"}
    answer = client.call("POST", "/api/v1/orders", body, headers)
    if answer["state"] != "CONFIRMED":
        raise LaptopError(f"an order was not confirmed: {answer}")
    return buyer, answer["id"]


def emails(count: int) -> list[str]:
    """Addresses that nobody has signed up with."""
    return [f"{uuid.uuid4().hex}@example.com" for _ in range(count)]


def first_purchase(port: int) -> None:
    """From signing up to a confirmed order, as a newcomer tries the market out."""
    with Client(port) as client:
        (email,) = emails(1)
        sign_up(client, email)
        buyer = sign_in(client, email)
        fill_basket(client, (buyer, plentiful(port, 1)[0]))
        order(client, buyer)


def plentiful(port: int, pieces: int) -> list[str]:
    """Ids of the products of which there are at least so many pieces."""

    def stock(client: Client, product: str) -> tuple[str, int]:
        return product, int(client.call("GET", f"/api/v1/products/{product}/stock")["available"])

    found = sorted(product for product, there in spread(port, stock, product_ids(port)) if there >= pieces)
    if not found:
        raise LaptopError(f"there are not {pieces} pieces of any product")
    return found


def product_ids(port: int) -> list[str]:
    """Ids of the first hundred products."""
    with Client(port) as client:
        return [product["id"] for product in client.call("GET", "/api/v1/products?pageSize=100")["products"]]


def wait_until_handled(ports: Ports) -> None:
    """Wait until nothing is left in the broker that a service has still to take or to finish."""
    looks: list[bool] = []

    def quiet() -> bool:
        status = client.call("GET", "/jsz?consumers=true")
        streams = [
            stream for account in status["account_details"] for stream in account.get("stream_detail", [])
        ]
        consumers = [consumer for stream in streams for consumer in stream.get("consumer_detail", [])]
        looks.append(not any(one["num_pending"] or one["num_ack_pending"] for one in consumers))
        return len(looks) >= 3 and all(looks[-3:])  # what is in an outbox at one look is seen by the next

    with Client(ports.nats_monitoring) as client:
        _wait(quiet, "the broker to be quiet", pause=0.2)


def wait_until_shipped(ports: Ports, last: Sequence[Placed]) -> None:
    """Wait until the last orders are on their way, as the ones before are then, and the mails are out."""
    waiting = list(last)

    def shipped() -> bool:
        while waiting:
            buyer, number = waiting[-1]
            if client.call("GET", f"/api/v1/orders/{number}", headers=buyer)["state"] != "SHIPPED":
                return False
            waiting.pop()
        return True

    with Client(ports.gateway) as client:
        _wait(shipped, "the orders to be shipped", pause=1.0)
    wait_until_handled(ports)


def _wait(condition: Callable[[], bool], what: str, pause: float) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise LaptopError(f"waited {_PATIENCE:.0f} s for {what}, in vain")
        time.sleep(pause)
