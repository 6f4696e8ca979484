"""The composition root of the storefront."""

from collections.abc import Callable

import flask

from chassis.config import load
from chassis.flask import run
from chassis.lifecycle import Service, Stage
from storefront import language
from storefront.app import build
from storefront.aside import Aside
from storefront.clients import connect
from storefront.config import Config


def compose(config: Config) -> tuple[Service, Callable[[], flask.Flask]]:
    """The whole service and what builds its app, wired but not started."""
    service = Service(config)

    def app() -> flask.Flask:
        clients, aside = connect(config), Aside()
        service.on_stop(Stage.CLOSE, clients.close)
        service.on_stop(Stage.WORKERS, aside.stop)
        return build(clients, aside, config.secret_key, language.installed())

    return service, app


if __name__ == "__main__":
    run(*compose(load(Config)))
