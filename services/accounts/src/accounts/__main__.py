"""The composition root of the accounts."""

from collections.abc import Callable

import flask

from accounts.api import AccountsApi
from accounts.config import Config
from accounts.domain.registry import Registry
from accounts.keyring import Keyring
from accounts.memory import return_large_blocks
from accounts.passwords import Argon2Passwords
from accounts.store import Store
from accounts.tokens import Tokens
from chassis import database
from chassis.config import load
from chassis.flask import run
from chassis.lifecycle import Service


def compose(config: Config) -> tuple[Service, Callable[[], flask.Flask]]:
    """The whole service and what builds its app, wired but not started."""
    return_large_blocks()
    service = Service(config)
    tables = database.attach(service, config.database_url)
    keyring = Keyring(tables)
    registry = Registry(Store(tables), Argon2Passwords())
    return service, AccountsApi(registry, Tokens(keyring, config.token_lifetime), keyring).app


if __name__ == "__main__":
    run(*compose(load(Config)))
