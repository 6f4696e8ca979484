"""Fault proxies: a small TCP proxy for each edge, which can lose what it carries in several ways.

All run on one event loop in a thread of its own. There is no back-pressure: what passes here are the small requests
of a laptop's market.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Generic, TypeVar

from laptop.ports import HOST
from tools.chaos.answers import Answers

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends a reset
_BACKLOG = 512
K = TypeVar("K")


class State(Enum):
    """What an edge does with what it is given."""

    PASSING = auto()
    DELAYING = auto()  # every chunk waits for so many seconds, in both directions
    CUT = auto()  # connections are reset, new ones refused
    SILENT = auto()  # connections are taken, and everything is swallowed
    LOSING_ANSWERS = auto()  # requests pass; the connection ends when an answer comes


@dataclass(frozen=True)
class Condition:
    """The state of an edge; ``delay`` is in seconds."""

    state: State = State.PASSING
    delay: float = 0.0


class Proxies(Generic[K]):
    """Proxies by name, each given as its callee's port and what knows an answer of that."""

    def __init__(self, ways: Mapping[K, tuple[int, Callable[[], Answers]]]) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxies", daemon=True)
        self._proxies = {name: _Proxy(self._loop, port, answers) for name, (port, answers) in ways.items()}

    @property
    def ports(self) -> dict[K, int]:
        """Where callers find each proxy."""
        return {name: proxy.port for name, proxy in self._proxies.items()}

    def change(self, name: K, condition: Condition) -> None:
        """Bring one proxy into another condition; it is there when this returns."""
        self._run(self._proxies[name].change(condition))

    def __enter__(self) -> Proxies[K]:
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
        # What ends a connection is done by the loop in its next rounds.
        while len(asyncio.all_tasks()) > 1:
            await asyncio.sleep(0)
        await asyncio.sleep(0)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()


class _Proxy:
    """One edge: listens on a port of its own and leads to its callee's."""

    def __init__(self, loop: asyncio.AbstractEventLoop, callee: int, answers: Callable[[], Answers]) -> None:
        self.loop = loop
        self.condition = Condition()
        self.callee = callee
        self.answers = answers
        self.links: set[_Link] = set()
        self._socket = _bound(0)
        self.port: int = self._socket.getsockname()[1]
        self._server: asyncio.Server | None = None

    async def change(self, condition: Condition) -> None:
        """Bring the edge into another condition."""
        before, self.condition = self.condition.state, condition
        if condition.state is State.CUT:
            self.stop_listening()
        elif self._server is None:
            await self.listen()
        for link in list(self.links):
            if condition.state is State.CUT or (before is State.SILENT and link.is_damaged):
                link.reset()

    async def listen(self) -> None:
        """Begin to take connections."""
        self._server = await self.loop.create_server(lambda: _Near(self), sock=self._socket, backlog=_BACKLOG)

    def stop_listening(self) -> None:
        """Refuse connections, and keep the port."""
        if self._server:
            self._server.close()
            self._server = None
            self._socket = _bound(self.port)

    def close(self) -> None:
        """Give everything up."""
        self.stop_listening()
        self._socket.close()
        for link in list(self.links):
            link.reset()


class _Link:
    """One connection through an edge: the caller's end and, once it is there, the callee's."""

    def __init__(self, proxy: _Proxy, near: asyncio.Transport) -> None:
        self.is_damaged = False
        self._proxy = proxy
        self._answers = proxy.answers()
        self._near: asyncio.Transport = near
        self._far: asyncio.Transport | None = None
        self._unsent: list[bytes] = []
        self._due = {True: 0.0, False: 0.0}  # when the last delayed chunk arrives, to the callee and back
        self._connecting: asyncio.Task[None] | None = None
        proxy.links.add(self)
        if proxy.condition.state is State.SILENT:
            self.is_damaged = True
        else:
            self._connecting = proxy.loop.create_task(self._connect())

    async def _connect(self) -> None:
        try:
            transport, _ = await self._proxy.loop.create_connection(
                lambda: _Far(self), HOST, self._proxy.callee
            )
        except OSError:
            self.reset()
            return
        self._far = transport
        for chunk in self._unsent:
            transport.write(chunk)

    def carry(self, chunk: bytes, *, there: bool) -> None:
        """Do with a chunk what the edge's condition asks for; ``there``: to the callee, else back."""
        if there:
            self._answers.look_at_request(chunk)
        answers = not there and self._answers.is_answer(chunk)
        condition = self._proxy.condition
        if condition.state is State.SILENT:
            self.is_damaged = True
        elif condition.state is State.LOSING_ANSWERS and answers:
            self.reset()
        else:
            self._later(lambda: self._write(chunk, there), there)

    def end(self, *, there: bool) -> None:
        """One side has closed; the other learns of it after what is still under way."""
        if self._proxy.condition.state is State.SILENT:
            self.is_damaged = True
        else:
            self._later(self.close, there)

    def _later(self, action: Callable[[], None], there: bool) -> None:
        loop = self._proxy.loop
        now = loop.time()
        due = max(now + self._proxy.condition.delay, self._due[there])
        if due <= now:
            action()
        else:
            # A hair later than the one before, so that none overtakes another.
            self._due[there] = due + 1e-6
            loop.call_at(self._due[there], action)

    def _write(self, chunk: bytes, there: bool) -> None:
        to = self._far if there else self._near
        if to is None:
            self._unsent.append(chunk)
        elif not to.is_closing():
            to.write(chunk)

    def close(self) -> None:
        """End both sides in order, after all that was written."""
        self._end(lambda transport: transport.close())

    def reset(self) -> None:
        """End both sides at once."""
        self._end(_reset)

    def _end(self, finish: Callable[[asyncio.Transport], None]) -> None:
        self._proxy.links.discard(self)
        if self._connecting:
            self._connecting.cancel()
        for transport in (self._near, self._far):
            if transport:
                finish(transport)


class _Near(asyncio.Protocol):
    """The end at the caller."""

    def __init__(self, proxy: _Proxy) -> None:
        self._proxy = proxy

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._link = _Link(self._proxy, transport)

    def data_received(self, data: bytes) -> None:
        self._link.carry(data, there=True)

    def connection_lost(self, exc: Exception | None) -> None:
        self._link.end(there=True)


class _Far(asyncio.Protocol):
    """The end at the callee."""

    def __init__(self, link: _Link) -> None:
        self._link = link

    def data_received(self, data: bytes) -> None:
        self._link.carry(data, there=False)

    def connection_lost(self, exc: Exception | None) -> None:
        self._link.end(there=False)


def _bound(port: int) -> socket.socket:
    """A socket that holds a port without listening on it; 0: any."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind((HOST, port))
    return held


def _reset(transport: asyncio.Transport) -> None:
    with contextlib.suppress(OSError):  # it is closed already
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    transport.abort()
