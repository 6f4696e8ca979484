"""A running stack for the system tests: an ephemeral one on free ports, or the one that MARKET_URL names."""

import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
import requests

from laptop.ephemeral import free_port_block
from tests.system.client_addresses import ClientAddress, client_addresses
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
MESH = ["--mesh"] if os.environ.get("MESH") else []  # options of `up`: with sidecars or without
GRACE = (
    150  # seconds; an email is retried after two minutes if its sender loses the database while it sends it
)
Command = Callable[..., subprocess.CompletedProcess[str]]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByStack:
    """Distribute the tests over pytest-xdist's workers."""
    return ByStack(config, log)


@pytest.fixture(scope="session")
def state_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state directory. For the stack that MARKET_URL names, it is MARKET_DIR."""
    if os.environ.get("MARKET_URL"):
        return Path(os.environ.get("MARKET_DIR", ROOT / ".market"))
    return tmp_path_factory.mktemp("stack") / "a stack"


@pytest.fixture(scope="session")
def stack_url(state_folder: Path) -> Iterator[str]:
    """The gateway's URL of a running stack. After all tests, the audit must find no violation in it."""
    if url := os.environ.get("MARKET_URL"):
        yield url
        return
    with running_stack(state_folder) as url:
        yield url
        report = run_audit(stores_of(state_folder), grace=GRACE)
        assert report.is_clean, f"{report.table()}\n\n{report.details()}"


@contextmanager
def running_stack(folder: Path, **environment: str) -> Iterator[str]:
    """Run a stack with its state in this folder for the length of a block; give the gateway's URL."""
    port, laptop, options = free_port_block(), [sys.executable, "-m", "laptop"], ["--dir", str(folder)]
    up = [*laptop, "up", "--port", str(port), *options, *MESH]
    try:
        subprocess.run(up, cwd=ROOT, check=True, env={**os.environ, **environment})
        yield f"http://127.0.0.1:{port}"
    finally:
        subprocess.run([*laptop, "reset", "--yes", *options], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


@pytest.fixture(scope="session")
def laptop(stack_url: str, state_folder: Path) -> Command:
    """Runs a command of laptop mode, as make does: laptop("bank", "--down=1"). V=1 is for the tests only."""
    environment = {name: value for name, value in os.environ.items() if name != "V"}

    def run(name: str, *options: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "laptop", name, "--dir", str(state_folder), *options]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)

    return run


@pytest.fixture(scope="session")
def stores(stack_url: str, state_folder: Path) -> Stores:
    """The stack's stores, for the audit."""
    return stores_of(state_folder)


@pytest.fixture(scope="session")
def ledger(stores: Stores) -> Ledger:
    """The bank's operations for each order."""
    return Ledger(stores)


def stores_of(folder: Path) -> Stores:
    """Return the stores of the stack with this state directory."""
    return Stores.of_folder(folder)


@dataclass(frozen=True)
class Customer:
    """A customer with an account, who uses the API."""

    url: str
    session: requests.Session
    email: str

    def call(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        """Send a request with the customer's token."""
        return self.session.request(method, self.url + path, timeout=30, **kwargs)

    def fill_cart(self, product_id: str, quantity: int = 1) -> None:
        """Add a product to the cart."""
        answer = self.call("POST", "/api/v1/cart/items", json={"productId": product_id, "quantity": quantity})
        assert answer.status_code == 200, answer.text

    def empty_cart(self) -> None:
        """Remove all products from the cart."""
        for item in self.call("GET", "/api/v1/cart").json()["items"]:
            assert self.call("DELETE", f"/api/v1/cart/items/{item['productId']}").status_code == 200

    def buy(self, card: str = "tok_visa", key: str | None = None, **address: str) -> requests.Response:
        """Place an order for the cart. `address` replaces parts of the default shipping address."""
        return self.call(
            "POST",
            "/api/v1/orders",
            json={"shippingAddress": ADDRESS | address, "paymentToken": card},
            headers={"Idempotency-Key": key or str(uuid.uuid4())},
        )


def sign_up(stack_url: str, address: str = "127.0.0.1") -> Customer:
    """Create an account and sign in, with the client IP `address`."""
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
    """Creates customers that are signed in."""
    return partial(sign_up, stack_url)


@pytest.fixture
def customer(new_customer: Callable[..., Customer]) -> Customer:
    """A new customer, who is signed in."""
    return new_customer()


@pytest.fixture(scope="session")
def hundred_customers(new_customer: Callable[..., Customer]) -> list[Customer]:
    """A hundred customers. They sign up from several addresses, because the gateway limits sign-ups per address."""
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda address, _: new_customer(address), cycle(client_addresses()), range(100)))


@pytest.fixture
def customers(hundred_customers: list[Customer]) -> list[Customer]:
    """A hundred customers with empty carts."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(Customer.empty_cart, hundred_customers))
    return hundred_customers


@pytest.fixture(scope="session")
def products(stack_url: str) -> list[dict[str, Any]]:
    """Every product of the catalog."""
    answer = requests.get(f"{stack_url}/api/v1/products?pageSize=100", timeout=30)
    found: list[dict[str, Any]] = answer.json()["products"]
    return found


@pytest.fixture(scope="session")
def in_stock(stack_url: str, products: list[dict[str, Any]]) -> list[str]:
    """Ids of products with at least 60 units in stock."""
    return [
        product["id"]
        for product in products
        if requests.get(f"{stack_url}/api/v1/products/{product['id']}/stock", timeout=30).json()["available"]
        >= 60
    ]
