"""HTTP: gunicorn's thread worker, as a part of the service's own process.

gunicorn's arbiter is left out. It would be a second process that guards one worker, which is what supervisord,
Docker and Kubernetes do already, with a way of its own to start, to stop and to log.
"""

import logging
import math
import os
import socket
import threading
from collections.abc import Callable
from typing import Any

from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.workers.gthread import ThreadWorker

from chassis.lifecycle import Service, Stage

log = logging.getLogger(__name__)
Wsgi = Callable[..., Any]
THREADS = 8
_BACKLOG = 512
_KEEPALIVE_SECONDS = 75  # longer than the gateway keeps idle connections: it never meets one just closed


def add_http_server(service: Service, build: Callable[[], Wsgi], threads: int = THREADS) -> None:
    """Serves the WSGI app that `build` makes, on a server that starts and stops with the service."""
    servers: list[_Server] = []

    def start() -> None:
        server = _Server(service, build(), threads)
        servers.append(server)
        server.start()

    def stop() -> None:
        for server in servers:
            server.stop()

    service.on_start(start)
    service.on_stop(Stage.SERVERS, stop)


class _Server:
    """One listening socket and the worker behind it, which runs in a thread."""

    def __init__(self, service: Service, app: Wsgi, threads: int) -> None:
        settings = Config()
        settings.set("threads", threads)
        settings.set("keepalive", _KEEPALIVE_SECONDS)
        settings.set("graceful_timeout", math.ceil(service.config.stop_seconds))
        self._stop_seconds = service.config.stop_seconds
        self._worker = _Worker(_listener(service), app, settings)
        self._stopping = False
        self._thread = threading.Thread(target=self._serve, name="http", daemon=True)

    def start(self) -> None:
        """Begins to accept."""
        self._thread.start()

    def stop(self) -> None:
        """Stops accepting, and waits for the requests in hand."""
        self._stopping = True
        self._worker.handle_exit(None, None)
        self._thread.join(self._stop_seconds + 1)

    def _serve(self) -> None:
        try:
            self._worker.init_process()
        except Exception:
            log.exception("the HTTP server failed")
        if not self._stopping:
            os._exit(1)  # without its server the process is of no use; whoever started it starts it again


def _listener(service: Service) -> socket.socket:
    address = (service.config.host, service.config.port)
    try:
        listener = socket.create_server(address, backlog=_BACKLOG, reuse_port=service.config.share_port)
    except OSError as error:
        raise service.taken("PORT", service.config.port, error) from None
    # An answer is written in two parts. Without this, inherited by every connection, the second would wait for
    # the client to acknowledge the first: 40 ms on Linux.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


class _Worker(ThreadWorker):
    """A worker without an arbiter: it has no parent to report to, and signals are the service's affair."""

    def __init__(self, listener: socket.socket, app: Wsgi, settings: Config) -> None:
        super().__init__(
            age=0, ppid=0, sockets=[listener], app=None, timeout=0, cfg=settings, log=_Log(settings)
        )
        self._app = app

    def load_wsgi(self) -> None:
        self.wsgi = self._app

    def init_signals(self) -> None:
        """Signals are handled by the main thread; this is another."""

    def is_parent_alive(self) -> bool:
        return True

    def set_accept_enabled(self, enabled: bool) -> None:
        """Accepts, or doesn't. Once it stops for good, who comes is turned away and not kept waiting."""
        super().set_accept_enabled(enabled)
        if not self.alive:
            for listener in self.sockets:
                listener.close()


class _Log(Logger):
    """gunicorn's lines in the format of all others."""

    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True
