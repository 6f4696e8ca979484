"""One stack in containers for all tests in this folder, some of which are those of tests/system."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from compose.make_secrets import create_missing
from laptop.ephemeral import free_port
from tests.containers.project import Project, engine_is_running
from tests.system.conftest import (  # noqa: F401 - fixtures
    customer,
    customers,
    hundred_customers,
    in_stock,
    new_customer,
    products,
)
from tests.system.ledger import Ledger
from tests.system.test_outages import wait_until_ready
from tools.audit import Stores

READY_SECONDS: list[float] = []  # the duration of the first `up`, with all images built


@pytest.fixture(scope="session")
def compose(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A stack that runs in containers. At the end, the audit must be clean."""
    if not engine_is_running():
        pytest.skip("the Docker engine with Compose is not running")
    folder = tmp_path_factory.mktemp("secrets") / "secrets"
    project = Project(f"night-market-test-{secrets.token_hex(3)}", folder, free_port())
    create_missing(folder)
    project.with_mesh.run("--profile", "audit", "build", timeout=1800)
    with running(project) as seconds:
        READY_SECONDS.append(seconds)
        yield project
        assert_audit_is_clean(project)


@contextmanager
def running(project: Project) -> Iterator[float]:
    """Run a stack, whose images are built, during the block. Gives the seconds until it was ready."""
    create_missing(project.secrets)
    try:
        start = time.monotonic()
        project.run("up", "--wait")
        yield time.monotonic() - start
    finally:
        project.execute("--profile", "*", "down", "--volumes", "--timeout", "5")


def assert_audit_is_clean(project: Project, grace: int = 60) -> None:
    """Run the audit. A violation counts if it lasts for `grace` seconds."""
    done = project.execute("run", "--rm", "audit", "--grace", str(grace))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def stack_url(compose: Project) -> str:
    """The URL of the gateway."""
    return compose.url


@pytest.fixture
def stores(compose: Project) -> Stores:
    """The stores at their present addresses, which change if a container restarts.

    The emails are not included: they are in a volume that only the audit's container mounts.
    """
    return Stores.of_containers(compose.secrets, None, compose.address)


@pytest.fixture
def ledger(stores: Stores) -> Ledger:
    """The ledger of the bank."""
    return Ledger(stores)


@pytest.fixture(scope="session")
def emails(compose: Project) -> Callable[[], list[str]]:
    """Reads all emails that were sent so far."""
    program = "import pathlib, json; print(json.dumps([p.read_text() for p in pathlib.Path('/mail/new').iterdir()]))"

    def read() -> list[str]:
        found: list[str] = json.loads(
            compose.run("run", "--rm", "--no-deps", "--entrypoint", "python", "audit", "-c", program)
        )
        return found

    return read


@pytest.fixture
def outage(compose: Project) -> Callable[[str], object]:
    """Stops one container during a block, then waits until the stack is ready again."""

    @contextmanager
    def stopped(name: str) -> Iterator[None]:
        compose.run("stop", name)
        try:
            yield
        finally:
            compose.run("start", name)
            wait_until_ready(compose.url)

    return stopped
