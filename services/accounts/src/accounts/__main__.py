"""The composition root of accounts."""

import flask

from accounts.api import AccountsApi
from accounts.config import Config
from accounts.passwords import PasswordHasher, return_large_blocks
from accounts.service import AccountService
from accounts.store import Store
from chassis.config import load
from chassis.http_server import add_http_server
from chassis.lifecycle import Service
from chassis.postgres import Database, add_database


def create_app(config: Config, database: Database) -> flask.Flask:
    """Return the Flask application."""
    store = Store(database)
    return AccountsApi(AccountService(store, PasswordHasher(), config.token_lifetime), store).app()


def build_service(config: Config) -> Service:
    """Return the service, wired but not started."""
    return_large_blocks()
    service = Service(config)
    database = add_database(service, config.database_url)
    add_http_server(service, lambda: create_app(config, database))
    return service


if __name__ == "__main__":
    build_service(load(Config)).run()
