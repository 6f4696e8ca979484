"""Fault proxies: a TCP proxy for each connection between two programs, which can disturb what it forwards.

All proxies run on one event loop in a thread. There is no back-pressure: only the small requests of one stack pass.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Coroutine, Mapping
from enum import Enum, auto
from typing import Any

from laptop.ports import HOST
from tools.chaos.responses import Detector

_LINGER = struct.pack("ii", 1, 0)  # SO_LINGER: close() sends a reset
_BACKLOG = 512


class Mode(Enum):
    """What a proxy does with the data."""

    FORWARD = auto()
    DELAY = auto()  # every chunk waits, in both directions
    CUT = auto()  # open connections are reset, new ones refused
    BLACKHOLE = auto()  # connections are accepted, and all data is dropped
    DROP_RESPONSES = auto()  # requests pass; the connection is reset when a response arrives


class Proxies:
    """Proxies by name. ``upstreams`` gives, for each name, the callee's port and the response detector's class."""

    def __init__(self, upstreams: Mapping[str, tuple[int, Callable[[], Detector]]]) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxies", daemon=True)
        self._proxies = {
            name: _Proxy(self._loop, port, detector) for name, (port, detector) in upstreams.items()
        }

    @property
    def ports(self) -> dict[str, int]:
        """The port on which each proxy listens."""
        return {name: proxy.port for name, proxy in self._proxies.items()}

    def set(self, name: str, mode: Mode, delay: float = 0.0) -> None:
        """Set the mode of one proxy, with a delay in seconds; it is active when this returns."""
        self._run(self._proxies[name].set(mode, delay))

    def __enter__(self) -> Proxies:
        self._thread.start()
        for proxy in self._proxies.values():
            self._run(proxy.listen())
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _close(self) -> None:
        for proxy in self._proxies.values():
            proxy.close()
        # The loop ends the connections in its next iterations.
        while len(asyncio.all_tasks()) > 1:
            await asyncio.sleep(0)
        await asyncio.sleep(0)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()


class _Proxy:
    """Listens on a port and forwards each connection to the callee's port."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, upstream: int, detector: Callable[[], Detector]
    ) -> None:
        self.loop = loop
        self.mode = Mode.FORWARD
        self.delay = 0.0
        self.upstream = upstream
        self.detector = detector
        self.connections: set[_Connection] = set()
        self._socket = _bound_socket(0)
        self.port: int = self._socket.getsockname()[1]
        self._server: asyncio.Server | None = None

    async def set(self, mode: Mode, delay: float) -> None:
        previous, self.mode, self.delay = self.mode, mode, delay
        if mode is Mode.CUT:
            self._stop_listening()
        elif self._server is None:
            await self.listen()
        for connection in list(self.connections):
            has_lost_data = previous is Mode.BLACKHOLE and connection.has_lost_data
            if mode is Mode.CUT or has_lost_data:
                connection.reset()

    async def listen(self) -> None:
        self._server = await self.loop.create_server(
            lambda: _Side(_Connection(self), is_caller=True), sock=self._socket, backlog=_BACKLOG
        )

    def _stop_listening(self) -> None:
        if self._server:
            self._server.close()
            self._server = None
            self._socket = _bound_socket(self.port)  # holds the port without listening

    def close(self) -> None:
        self._stop_listening()
        self._socket.close()
        for connection in list(self.connections):
            connection.reset()


class _Connection:
    """One connection through a proxy: the caller's side, and the callee's side once it is connected."""

    def __init__(self, proxy: _Proxy) -> None:
        self.has_lost_data = False
        self._proxy = proxy
        self._detector = proxy.detector()
        self._caller: asyncio.Transport | None = None
        self._callee: asyncio.Transport | None = None
        self._unsent: list[bytes] = []  # to the callee, until it is connected
        self._due = {True: 0.0, False: 0.0}  # when the last delayed chunk is due, by from_caller
        self._connecting: asyncio.Task[None] | None = None

    def opened(self, transport: asyncio.Transport, *, is_caller: bool) -> None:
        if not is_caller:
            self._callee = transport
            for chunk in self._unsent:
                transport.write(chunk)
            return
        self._caller = transport
        self._proxy.connections.add(self)
        if self._proxy.mode is Mode.BLACKHOLE:
            self.has_lost_data = True
        else:
            self._connecting = self._proxy.loop.create_task(self._connect())

    async def _connect(self) -> None:
        try:
            await self._proxy.loop.create_connection(
                lambda: _Side(self, is_caller=False), HOST, self._proxy.upstream
            )
        except OSError:
            self.reset()

    def forward(self, chunk: bytes, *, from_caller: bool) -> None:
        if from_caller:
            self._detector.request_sent(chunk)
        is_response = not from_caller and self._detector.is_response(chunk)
        if self._proxy.mode is Mode.BLACKHOLE:
            self.has_lost_data = True
        elif self._proxy.mode is Mode.DROP_RESPONSES and is_response:
            self.reset()
        else:
            self._when_due(lambda: self._write(chunk, from_caller), from_caller)

    def closed(self, *, from_caller: bool) -> None:
        """Close the other side too, after the data that is still delayed."""
        if self._proxy.mode is Mode.BLACKHOLE:
            self.has_lost_data = True
        else:
            self._when_due(lambda: self._end(lambda transport: transport.close()), from_caller)

    def reset(self) -> None:
        self._end(_reset)

    def _when_due(self, action: Callable[[], None], from_caller: bool) -> None:
        loop = self._proxy.loop
        now = loop.time()
        due = max(now + self._proxy.delay, self._due[from_caller])
        if due <= now:
            action()
        else:
            self._due[from_caller] = due + 1e-6  # after the previous chunk: the loop orders by time only
            loop.call_at(self._due[from_caller], action)

    def _write(self, chunk: bytes, from_caller: bool) -> None:
        transport = self._callee if from_caller else self._caller
        if transport is None:
            self._unsent.append(chunk)
        elif not transport.is_closing():
            transport.write(chunk)

    def _end(self, end: Callable[[asyncio.Transport], None]) -> None:
        self._proxy.connections.discard(self)
        if self._connecting:
            self._connecting.cancel()
        for transport in (self._caller, self._callee):
            if transport:
                end(transport)


class _Side(asyncio.Protocol):
    """The side of the caller or of the callee."""

    def __init__(self, connection: _Connection, *, is_caller: bool) -> None:
        self._connection = connection
        self._is_caller = is_caller

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._connection.opened(transport, is_caller=self._is_caller)

    def data_received(self, data: bytes) -> None:
        self._connection.forward(data, from_caller=self._is_caller)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connection.closed(from_caller=self._is_caller)


def _bound_socket(port: int) -> socket.socket:
    """Return a socket that holds a port without listening; 0 means any port."""
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((HOST, port))
    return bound


def _reset(transport: asyncio.Transport) -> None:
    with contextlib.suppress(OSError):  # the socket is closed already
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
    transport.abort()
