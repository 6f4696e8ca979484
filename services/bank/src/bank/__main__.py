"""The composition root of the bank."""

from collections.abc import Callable

import flask

from bank.api import BankApi
from bank.config import Config
from bank.fault_injector import THREADS, FaultInjector
from bank.service import BankService
from bank.store import Store
from chassis import database
from chassis.config import load
from chassis.flask import run
from chassis.lifecycle import Service


def compose(config: Config) -> tuple[Service, Callable[[], flask.Flask]]:
    """Return the service, wired but not started, and the factory of its Flask app."""
    service = Service(config)
    store = Store(database.attach(service, config.database_url))
    return service, BankApi(BankService(store), store, FaultInjector(), config).app


if __name__ == "__main__":
    run(*compose(load(Config)), THREADS)
