from collections.abc import Iterator
from contextlib import contextmanager

import flask
import pytest

from services.storefront.tests.fakes.stack import FakeStack, running
from services.storefront.tests.fakes.state import State
from services.storefront.tests.visitor import Visitor
from storefront.app import create_app
from storefront.clients import connect
from storefront.config import Config
from storefront.texts import Translations


@pytest.fixture(scope="session")
def stack(free_port) -> Iterator[FakeStack]:
    with running(free_port) as stack:
        yield stack


@pytest.fixture
def state(stack: FakeStack) -> State:
    """The data of the fake services, reset for each test."""
    stack.reset()
    return stack.state


@contextmanager
def built_app(config: Config, translations: Translations | None = None) -> Iterator[flask.Flask]:
    """Build an app with clients of its own."""
    clients = connect(config)
    yield create_app(clients, config.secret_key, translations)
    clients.close()


@pytest.fixture(scope="session")
def app(stack: FakeStack) -> Iterator[flask.Flask]:
    with built_app(stack.config) as app:
        yield app


@pytest.fixture
def new_app(stack: FakeStack, state: State) -> Iterator[flask.Flask]:
    """An app with empty caches."""
    with built_app(stack.config) as app:
        yield app


@pytest.fixture
def visitor(app: flask.Flask, state: State) -> Visitor:
    return Visitor(app.test_client())


@pytest.fixture
def buyer(visitor: Visitor) -> Visitor:
    """A visitor who is signed in."""
    return visitor.sign_in_as("ada@example.com")
