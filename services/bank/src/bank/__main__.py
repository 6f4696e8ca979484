"""The composition root of the bank."""

from bank.api import BankApi
from bank.config import Config
from bank.fault_injector import THREADS, FaultInjector
from bank.service import BankService
from bank.store import Store
from chassis.config import load
from chassis.http_server import add_http_server
from chassis.lifecycle import Service
from chassis.postgres import add_database


def build_service(config: Config) -> Service:
    """Return the service, wired but not started."""
    service = Service(config)
    store = Store(add_database(service, config.database_url))
    add_http_server(service, BankApi(BankService(store), store, FaultInjector(), config).app, THREADS)
    return service


if __name__ == "__main__":
    build_service(load(Config)).run()
