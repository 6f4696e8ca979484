"""The composition root of the storefront."""

import flask

from chassis.config import load
from chassis.http_server import add_http_server
from chassis.lifecycle import Service, Stage
from storefront.app import create_app
from storefront.clients import connect
from storefront.config import Config


def build_service(config: Config) -> Service:
    """Return the service, wired but not started."""
    service = Service(config)

    def build_app() -> flask.Flask:
        clients = connect(config)
        service.on_stop(Stage.CLOSE, clients.close)
        return create_app(clients, config.secret_key)

    add_http_server(service, build_app)
    return service


if __name__ == "__main__":
    build_service(load(Config)).run()
