"""Hooks around all that outlives a service's process: its database, its calls, its events, its files, its answers.

They are set in the process of a service under test, before it is composed. What only reads is no boundary: who dies
before a SELECT leaves behind just what they leave who die before whatever comes next.
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
from tests.crash.boundary import ANSWER, Watch


class _Transaction(threading.local):
    """The transaction that a thread is in: how deep, and what was done outside of the database meanwhile."""

    depth = 0
    outside: tuple[str, ...] = ()


_transaction = _Transaction()
_NO_BOUNDARIES = ("_get", "_publish")  # it only reads; it has a hook of its own


def install(service: str, watch: Watch) -> None:
    """Sets all hooks in this process."""
    for name in ("execute", "executemany", "copy"):
        _wrap(psycopg.Cursor, name, lambda call: _statements(watch, call))
    _wrap(psycopg.Transaction, "__enter__", _begins)
    _wrap(psycopg.Transaction, "__exit__", lambda call: _commits(watch, call))
    _wrap(Channel, "unary_unary", lambda call: _calls(watch, call))
    _wrap(requests.adapters.HTTPAdapter, "send", lambda call: _requests(watch, call))
    _wrap(os, "replace", lambda call: _files(watch, call))
    _wrap(NatsConnection, "publish", lambda call: _events(watch, call))
    _wrap(NatsConnection, "run", lambda call: _broker(watch, call))
    _wrap(grpc, "unary_unary_rpc_method_handler", lambda call: _answers(service, watch, call))
    _wrap(flask.Flask, "full_dispatch_request", lambda call: _pages(watch, call))


def _wrap(owner: Any, name: str, wrapper: Callable[[Any], Any]) -> None:
    original = getattr(owner, name)
    setattr(owner, name, wraps(original)(wrapper(original)))


def _outside(watch: Watch, effect: str) -> None:
    watch.reach(effect)
    if _transaction.depth:
        _transaction.outside += (effect,)


def _statements(watch: Watch, execute: Any) -> Any:
    def executed(cursor: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
        reads = isinstance(query, str) and query.lstrip().upper().startswith("SELECT")
        if not _transaction.depth and not reads:
            watch.reach("statement")
        return execute(cursor, query, *args, **kwargs)

    return executed


def _begins(enter: Any) -> Any:
    def entered(transaction: Any) -> Any:
        _transaction.depth += 1
        return enter(transaction)

    return entered


def _commits(watch: Watch, leave: Any) -> Any:
    def left(transaction: Any, kind: Any, *error: Any) -> Any:
        _transaction.depth -= 1
        if not _transaction.depth:
            outside, _transaction.outside = _transaction.outside, ()
            if kind is None:
                watch.reach(" after ".join(("commit", *outside)))
        return leave(transaction, kind, *error)

    return left


def _calls(watch: Watch, unary_unary: Any) -> Any:
    def made(channel: Channel, path: str, *args: Any, **kwargs: Any) -> Any:
        ask = unary_unary(channel, path, *args, **kwargs)

        def asked(*request: Any, **options: Any) -> Any:
            _outside(watch, f"call {channel.service}.{path.rpartition('/')[2]}")
            return ask(*request, **options)

        return asked

    return made


def _requests(watch: Watch, send: Any) -> Any:
    def sent(adapter: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        _outside(watch, f"send {request.method}")
        return send(adapter, request, *args, **kwargs)

    return sent


def _files(watch: Watch, replace: Any) -> Any:
    def replaced(*args: Any, **kwargs: Any) -> Any:
        _outside(watch, "file")
        return replace(*args, **kwargs)

    return replaced


def _events(watch: Watch, publish: Any) -> Any:
    def published(bus: NatsConnection, messages: Any, *args: Any, **kwargs: Any) -> Any:
        if messages:
            _outside(watch, "publish")
        return publish(bus, messages, *args, **kwargs)

    return published


def _broker(watch: Watch, run: Any) -> Any:
    def ran(bus: NatsConnection, work: Any, *args: Any, **kwargs: Any) -> Any:
        if work.__name__ not in _NO_BOUNDARIES:
            _outside(watch, work.__name__.strip("_"))
        return run(bus, work, *args, **kwargs)

    return ran


def _answers(service: str, watch: Watch, handler: Any) -> Any:
    def handled(method: Any, *args: Any, **kwargs: Any) -> Any:
        @wraps(method)
        def answered(*request: Any) -> Any:
            try:
                return method(*request)
            finally:
                watch.reach(ANSWER, method.__qualname__)

        is_own = method.__module__.startswith(f"{service}.")
        return handler(answered if is_own else method, *args, **kwargs)

    return handled


def _pages(watch: Watch, dispatch: Any) -> Any:
    def dispatched(*request: Any) -> Any:
        try:
            return dispatch(*request)
        finally:
            watch.reach(ANSWER, flask.request.endpoint or "?")

    return dispatched
