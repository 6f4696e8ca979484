"""Hooks around everything that outlives a service's process: its database, calls, events, files and answers.

They are installed in the worker before the service is built. A read is not a boundary: a crash before a SELECT leaves
the same state as a crash before the next effect.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from functools import wraps
from typing import Any

import flask
import grpc
import psycopg
import requests.adapters

from chassis.grpc_client import Channel
from messaging.nats import NatsConnection
from tests.crash.boundary import ANSWER, BoundaryObserver


class _Transaction(threading.local):
    """The nesting depth of a thread's transaction, and the effects outside of the database since it began."""

    depth = 0
    external: tuple[str, ...] = ()


_transaction = _Transaction()
_NO_BOUNDARIES = ("_get", "_publish")  # a read; an effect with another hook


def install(service: str, observer: BoundaryObserver) -> None:
    """Install all hooks in this process."""
    for name in ("execute", "executemany", "copy"):
        _wrap(psycopg.Cursor, name, lambda call: _hook_statement(observer, call))
    _wrap(psycopg.Transaction, "__enter__", _hook_begin)
    _wrap(psycopg.Transaction, "__exit__", lambda call: _hook_commit(observer, call))
    _wrap(Channel, "unary_unary", lambda call: _hook_call(observer, call))
    _wrap(requests.adapters.HTTPAdapter, "send", lambda call: _hook_http_request(observer, call))
    _wrap(os, "replace", lambda call: _hook_file(observer, call))
    _wrap(NatsConnection, "publish", lambda call: _hook_publish(observer, call))
    _wrap(NatsConnection, "run", lambda call: _hook_nats(observer, call))
    _wrap(grpc, "unary_unary_rpc_method_handler", lambda call: _hook_grpc_answer(service, observer, call))
    _wrap(flask.Flask, "full_dispatch_request", lambda call: _hook_http_answer(observer, call))


def _wrap(owner: Any, name: str, wrapper: Callable[[Any], Any]) -> None:
    original = getattr(owner, name)
    setattr(owner, name, wraps(original)(wrapper(original)))


def _external_effect(observer: BoundaryObserver, effect: str) -> None:
    observer.reach(effect)
    if _transaction.depth:
        _transaction.external += (effect,)


def _hook_statement(observer: BoundaryObserver, execute: Any) -> Any:
    def executed(cursor: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
        reads = isinstance(query, str) and query.lstrip().upper().startswith("SELECT")
        if not _transaction.depth and not reads:
            observer.reach("statement")
        return execute(cursor, query, *args, **kwargs)

    return executed


def _hook_begin(enter: Any) -> Any:
    def entered(transaction: Any) -> Any:
        _transaction.depth += 1
        return enter(transaction)

    return entered


def _hook_commit(observer: BoundaryObserver, leave: Any) -> Any:
    def left(transaction: Any, kind: Any, *error: Any) -> Any:
        _transaction.depth -= 1
        if not _transaction.depth:
            external, _transaction.external = _transaction.external, ()
            if kind is None:
                observer.reach(" after ".join(("commit", *external)))
        return leave(transaction, kind, *error)

    return left


def _hook_call(observer: BoundaryObserver, unary_unary: Any) -> Any:
    def made(channel: Channel, path: str, *args: Any, **kwargs: Any) -> Any:
        ask = unary_unary(channel, path, *args, **kwargs)

        def asked(*request: Any, **options: Any) -> Any:
            _external_effect(observer, f"call {channel.service}.{path.rpartition('/')[2]}")
            return ask(*request, **options)

        return asked

    return made


def _hook_http_request(observer: BoundaryObserver, send: Any) -> Any:
    def sent(adapter: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        _external_effect(observer, f"send {request.method}")
        return send(adapter, request, *args, **kwargs)

    return sent


def _hook_file(observer: BoundaryObserver, replace: Any) -> Any:
    def replaced(*args: Any, **kwargs: Any) -> Any:
        _external_effect(observer, "file")
        return replace(*args, **kwargs)

    return replaced


def _hook_publish(observer: BoundaryObserver, publish: Any) -> Any:
    def published(connection: NatsConnection, messages: Any, *args: Any, **kwargs: Any) -> Any:
        if messages:
            _external_effect(observer, "publish")
        return publish(connection, messages, *args, **kwargs)

    return published


def _hook_nats(observer: BoundaryObserver, run: Any) -> Any:
    def ran(connection: NatsConnection, work: Any, *args: Any, **kwargs: Any) -> Any:
        if work.__name__ not in _NO_BOUNDARIES:
            _external_effect(observer, work.__name__.strip("_"))
        return run(connection, work, *args, **kwargs)

    return ran


def _hook_grpc_answer(service: str, observer: BoundaryObserver, handler: Any) -> Any:
    def handled(method: Any, *args: Any, **kwargs: Any) -> Any:
        @wraps(method)
        def answered(*request: Any) -> Any:
            try:
                return method(*request)
            finally:
                observer.reach(ANSWER, method.__qualname__)

        is_own = method.__module__.startswith(f"{service}.")
        return handler(answered if is_own else method, *args, **kwargs)

    return handled


def _hook_http_answer(observer: BoundaryObserver, dispatch: Any) -> Any:
    def dispatched(*request: Any) -> Any:
        try:
            return dispatch(*request)
        finally:
            observer.reach(ANSWER, flask.request.endpoint or "?")

    return dispatched
