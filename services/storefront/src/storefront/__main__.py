"""The composition root of the storefront."""

import flask

from chassis.config import load
from chassis.http_server import add_http_server
from chassis.lifecycle import Service, Stage
from storefront import language
from storefront.app import build
from storefront.aside import Aside
from storefront.clients import connect
from storefront.config import Config


def build_service(config: Config) -> Service:
    """The whole service, wired but not started."""
    service = Service(config)

    def app() -> flask.Flask:
        clients, aside = connect(config), Aside()
        service.on_stop(Stage.CLOSE, clients.close)
        service.on_stop(Stage.WORKERS, aside.stop)
        return build(clients, aside, config.secret_key, language.installed())

    add_http_server(service, app)
    return service


if __name__ == "__main__":
    build_service(load(Config)).run()
