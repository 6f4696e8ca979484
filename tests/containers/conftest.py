"""One market in containers for all tests of this folder; the tests of the whole market run against it too."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from compose.make_secrets import create_missing
from laptop.ephemeral import free_port
from tests.containers.engine import Compose, engine_answers
from tests.system.conftest import (  # noqa: F401 - fixtures
    crowd,
    everybody,
    new_shopper,
    plentiful,
    products,
    shopper,
)
from tests.system.ledger import Ledger
from tests.system.test_outages import sells
from tools.audit import Stores

READY_SECONDS: list[float] = []  # how long the first `up` took, once the images were there


@pytest.fixture(scope="session")
def compose(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compose]:
    """A market that runs in containers. At the end nothing is lost in it; then it is gone."""
    if not engine_answers():
        pytest.skip("no Docker engine with Compose answers here: nothing was tried in containers")
    folder = tmp_path_factory.mktemp("secrets") / "secrets"
    project = Compose(f"night-market-test-{secrets.token_hex(3)}", folder, free_port())
    create_missing(folder)
    project.with_mesh.run("--profile", "audit", "build", timeout=1800)
    with in_containers(project) as seconds:
        READY_SECONDS.append(seconds)
        yield project
        audited(project)


@contextmanager
def in_containers(project: Compose) -> Iterator[float]:
    """Runs a market whose images are built for the length of a block; how many seconds it took until it was ready."""
    create_missing(project.secrets)
    try:
        begun = time.monotonic()
        project.run("up", "--wait")
        yield time.monotonic() - begun
    finally:
        project.try_("--profile", "*", "down", "--volumes", "--timeout", "5")


def audited(project: Compose, grace: int = 60) -> None:
    """Fails if anything is lost. A violation must last for `grace` seconds to count."""
    done = project.try_("run", "--rm", "audit", "--grace", str(grace))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def market(compose: Compose) -> str:
    """The base URL of the market."""
    return compose.url


@pytest.fixture
def stores(compose: Compose) -> Stores:
    """Where the market keeps everything, now: a container that starts again may have another address. Mails are in a
    volume, which only the audit's container sees."""
    return Stores.of_containers(compose.secrets, None, compose.address)


@pytest.fixture
def ledger(stores: Stores) -> Ledger:
    """What the market's bank has done for which order."""
    return Ledger(stores)


@pytest.fixture(scope="session")
def mails(compose: Compose) -> Callable[[], list[str]]:
    """Reads all mails that were sent so far."""
    program = "import pathlib, json; print(json.dumps([p.read_text() for p in pathlib.Path('/mail/new').iterdir()]))"

    def read() -> list[str]:
        import json

        found: list[str] = json.loads(
            compose.run("run", "--rm", "--no-deps", "--entrypoint", "python", "audit", "-c", program)
        )
        return found

    return read


@pytest.fixture
def without(compose: Compose) -> Callable[[str], object]:
    """Stops one container for the length of a block; then waits until the market can sell again."""

    @contextmanager
    def stopped(name: str) -> Iterator[None]:
        compose.run("stop", name)
        try:
            yield
        finally:
            compose.run("start", name)
            sells(compose.url)

    return stopped
