"""The composition root of the accounts."""

import flask

from accounts.api import AccountsApi
from accounts.config import Config
from accounts.domain.registry import Registry
from accounts.keyring import Keyring
from accounts.memory import return_large_blocks
from accounts.passwords import Argon2Passwords
from accounts.store import Store
from accounts.tokens import Tokens
from chassis.config import load
from chassis.http_server import add_http_server
from chassis.lifecycle import Service
from chassis.postgres import Database, add_database


def create_app(config: Config, database: Database) -> flask.Flask:
    """The Flask application."""
    keyring = Keyring(database)
    registry = Registry(Store(database), Argon2Passwords())
    return AccountsApi(registry, Tokens(keyring, config.token_lifetime), keyring).app()


def build_service(config: Config) -> Service:
    """The whole service, wired but not started."""
    return_large_blocks()
    service = Service(config)
    database = add_database(service, config.database_url)
    add_http_server(service, lambda: create_app(config, database))
    return service


if __name__ == "__main__":
    build_service(load(Config)).run()
