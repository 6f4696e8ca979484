from collections.abc import Iterator
from contextlib import contextmanager

import flask
import pytest

from services.storefront.tests.fakes.market import FakeMarket, running
from services.storefront.tests.fakes.state import State
from services.storefront.tests.visitor import Visitor
from storefront import language
from storefront.app import build
from storefront.aside import Aside
from storefront.clients import connect
from storefront.config import Config


@pytest.fixture(scope="session")
def market(free_port) -> Iterator[FakeMarket]:
    with running(free_port) as market:
        yield market


@pytest.fixture
def state(market: FakeMarket) -> State:
    """What the fake services know, fresh for each test."""
    market.reset()
    return market.state


@contextmanager
def built(config: Config, translations: language.Translations) -> Iterator[flask.Flask]:
    clients, aside = connect(config), Aside()
    yield build(clients, aside, config.secret_key, translations)
    aside.stop()
    clients.close()


@pytest.fixture(scope="session")
def app(market: FakeMarket) -> Iterator[flask.Flask]:
    with built(market.config, language.installed()) as app:
        yield app


@pytest.fixture
def new_app(market: FakeMarket, state: State) -> Iterator[flask.Flask]:
    """A shop that has just started and knows nothing yet."""
    with built(market.config, language.installed()) as app:
        yield app


@pytest.fixture
def visitor(app: flask.Flask, state: State) -> Visitor:
    return Visitor(app.test_client())


@pytest.fixture
def buyer(visitor: Visitor) -> Visitor:
    """A visitor who has signed in."""
    return visitor.sign_in_as("ada@example.com")
