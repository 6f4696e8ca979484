"""A whole market for the system tests: a throw-away one on free ports, or the one that MARKET_URL names."""

import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
import requests

from laptop.ephemeral import free_port_block
from tests.system.client_addresses import ClientAddress, addresses
from tests.system.ledger import Ledger
from tests.system.scheduling import ByStack
from tools.audit import Stores
from tools.audit import run as run_audit

ROOT = Path(__file__).parents[2]
ADDRESS = {
    "name": "Ada Lovelace",
    "line1": "12 St James's Square",
    "line2": "",
    "city": "London",
    "postalCode": "SW1Y 4JH",
    "countryCode": "GB",
}
PASSWORD = "correct horse battery"
MESH = ["--mesh"] if os.environ.get("MESH") else []  # a sidecar beside each service, or none
GRACE = 150  # seconds: a mail whose sender lost its database while it was sent is taken up after two minutes
Command = Callable[..., subprocess.CompletedProcess[str]]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByStack:
    """Spreads the tests where there are several processes."""
    return ByStack(config, log)


@pytest.fixture(scope="session")
def state_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the market keeps its state; of the one that MARKET_URL names, MARKET_DIR says it."""
    if os.environ.get("MARKET_URL"):
        return Path(os.environ.get("MARKET_DIR", ROOT / ".market"))
    return tmp_path_factory.mktemp("market") / "a market"


@pytest.fixture(scope="session")
def stack_url(state_folder: Path) -> Iterator[str]:
    """The base URL of a running market. Nothing is lost in it, whatever the tests have done."""
    if url := os.environ.get("MARKET_URL"):
        yield url
        return
    port, folder = free_port_block(), state_folder
    laptop = [sys.executable, "-m", "laptop"]
    where = ["--dir", str(folder)]
    try:
        subprocess.run([*laptop, "up", "--port", str(port), *where, *MESH], cwd=ROOT, check=True)
        yield f"http://127.0.0.1:{port}"
        report = run_audit(stores_of(folder), grace=GRACE)
        assert report.is_clean, f"{report.table()}\n\n{report.details()}"
    finally:
        subprocess.run([*laptop, "reset", "--yes", *where], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


@pytest.fixture(scope="session")
def laptop(stack_url: str, state_folder: Path) -> Command:
    """Carries out one of the market's commands, as make does: laptop("bank", "--down=1").

    That the tests are to say more (V=1) is nothing to the commands.
    """
    environment = {name: value for name, value in os.environ.items() if name != "V"}

    def run(name: str, *options: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "laptop", name, "--dir", str(state_folder), *options]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)

    return run


@pytest.fixture(scope="session")
def stores(stack_url: str, state_folder: Path) -> Stores:
    """Where the market keeps everything, for its auditor."""
    return stores_of(state_folder)


@pytest.fixture(scope="session")
def ledger(stores: Stores) -> Ledger:
    """What the market's bank has done for which order."""
    return Ledger(stores)


def stores_of(folder: Path) -> Stores:
    """The stores of the market whose state is in this folder."""
    return Stores.of_folder(folder)


@dataclass(frozen=True)
class Customer:
    """Somebody with an account of their own, who talks to the market's API."""

    url: str
    session: requests.Session
    email: str

    def call(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        """One request, with the shopper's token."""
        return self.session.request(method, self.url + path, timeout=30, **kwargs)

    def fill_cart(self, product_id: str, quantity: int = 1) -> None:
        """Puts a product into the basket."""
        answer = self.call("POST", "/api/v1/cart/items", json={"productId": product_id, "quantity": quantity})
        assert answer.status_code == 200, answer.text

    def empty_cart(self) -> None:
        """Takes everything out of the basket."""
        for item in self.call("GET", "/api/v1/cart").json()["items"]:
            assert self.call("DELETE", f"/api/v1/cart/items/{item['productId']}").status_code == 200

    def buy(self, card: str = "tok_visa", key: str | None = None, **address: str) -> requests.Response:
        """Buys what is in the basket."""
        return self.call(
            "POST",
            "/api/v1/orders",
            json={"shippingAddress": ADDRESS | address, "paymentToken": card},
            headers={"Idempotency-Key": key or str(uuid.uuid4())},
        )


def sign_up(stack_url: str, address: str = "127.0.0.1") -> Customer:
    """A shopper that has signed up and in, from an address of this machine's."""
    session = requests.Session()
    session.mount("http://", ClientAddress(address))
    email = f"{uuid.uuid4().hex}@example.com"
    account = {"email": email, "password": PASSWORD, "name": "Ada"}
    created = session.post(f"{stack_url}/api/v1/accounts", json=account, timeout=30)
    assert created.status_code in (200, 201), created.text
    signed_in = session.post(
        f"{stack_url}/api/v1/sessions", json={"email": email, "password": PASSWORD}, timeout=30
    )
    assert signed_in.status_code in (200, 201), signed_in.text
    session.cookies.clear()
    session.headers["Authorization"] = f"Bearer {signed_in.json()['token']}"
    return Customer(stack_url, session, email)


@pytest.fixture(scope="session")
def new_customer(stack_url: str) -> Callable[..., Customer]:
    """Makes shoppers that have signed up and in."""
    return partial(sign_up, stack_url)


@pytest.fixture
def customer(new_customer: Callable[..., Customer]) -> Customer:
    """A shopper of this test's own."""
    return new_customer()


@pytest.fixture(scope="session")
def hundred_customers(new_customer: Callable[..., Customer]) -> list[Customer]:
    """A hundred shoppers, who come from so many addresses that they may sign up all at once."""
    with ThreadPoolExecutor(8) as client_addresses:
        return list(
            client_addresses.map(lambda address, _: new_customer(address), cycle(addresses()), range(100))
        )


@pytest.fixture
def customers(hundred_customers: list[Customer]) -> list[Customer]:
    """A hundred shoppers with empty baskets."""
    with ThreadPoolExecutor(8) as hands:
        list(hands.map(Customer.empty_cart, hundred_customers))
    return hundred_customers


@pytest.fixture(scope="session")
def products(stack_url: str) -> list[dict[str, Any]]:
    """Every product of the market."""
    answer = requests.get(f"{stack_url}/api/v1/products?pageSize=100", timeout=30)
    found: list[dict[str, Any]] = answer.json()["products"]
    return found


@pytest.fixture(scope="session")
def in_stock(stack_url: str, products: list[dict[str, Any]]) -> list[str]:
    """Ids of products of which there are many pieces."""
    return [
        product["id"]
        for product in products
        if requests.get(f"{stack_url}/api/v1/products/{product['id']}/stock", timeout=30).json()["available"]
        >= 60
    ]
