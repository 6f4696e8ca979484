"""The composition root of the bank."""

from collections.abc import Callable

import flask

from bank.api import BankApi
from bank.config import Config
from bank.ledger import Ledger
from bank.processor import Processor
from bank.store import Store
from bank.trouble import THREADS
from chassis import database
from chassis.config import load
from chassis.flask import run
from chassis.lifecycle import Service


def compose(config: Config) -> tuple[Service, Callable[[], flask.Flask]]:
    """The whole service and what builds its app, wired but not started."""
    service = Service(config)
    tables = database.attach(service, config.database_url)
    return service, BankApi(Processor(Store(tables)), Ledger(tables), config).app


if __name__ == "__main__":
    run(*compose(load(Config)), THREADS)
