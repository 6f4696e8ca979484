"""Knowing an answer when it passes: what a callee sends first to say that it has done what was asked.

Each watches one connection from its beginning, chunk by chunk.
"""

from __future__ import annotations

from typing import Protocol

_FRAME_HEAD = 9  # bytes: three of length, one of type, one of flags, four of stream
_HEADERS = 1  # the type of frame that begins, and in gRPC also ends, an answer
_READY = b"Z\0\0\0\5"  # PostgreSQL's ReadyForQuery, up to its last byte, the state of the transaction
_IDLE = b"I"


class Answers(Protocol):
    """What the callee of one connection sends."""

    def is_answer(self, chunk: bytes) -> bool:
        """Whether something in the chunk says that a request has taken effect."""
        ...


class HttpAnswers:
    """HTTP/1.1: whatever comes is an answer."""

    def is_answer(self, chunk: bytes) -> bool:
        """As `Answers` says."""
        return True


class GrpcAnswers:
    """HTTP/2: a HEADERS frame; the frames that keep a connection alive are none."""

    def __init__(self) -> None:
        self._head = b""
        self._to_skip = 0

    def is_answer(self, chunk: bytes) -> bool:
        """As `Answers` says."""
        found = False
        while chunk:
            skipped, chunk = chunk[: self._to_skip], chunk[self._to_skip :]
            self._to_skip -= len(skipped)
            missing = _FRAME_HEAD - len(self._head)
            self._head, chunk = self._head + chunk[:missing], chunk[missing:]
            if len(self._head) == _FRAME_HEAD:
                found = found or self._head[3] == _HEADERS
                self._to_skip, self._head = int.from_bytes(self._head[:3]), b""
        return found


class PostgresAnswers:
    """PostgreSQL: ready for the next statement with no transaction open, so one was just committed.

    The first time is the end of the greeting, and within a transaction nothing has taken effect yet.
    """

    def __init__(self) -> None:
        self._is_greeted = False

    def is_answer(self, chunk: bytes) -> bool:
        """As `Answers` says."""
        if chunk[-6:-1] != _READY:
            return False
        was_greeted, self._is_greeted = self._is_greeted, True
        return was_greeted and chunk[-1:] == _IDLE


class NatsAnswers:
    """NATS: a message; the greeting and the pings are none."""

    def is_answer(self, chunk: bytes) -> bool:
        """As `Answers` says."""
        return any(sign in b"\n" + chunk for sign in (b"\nMSG ", b"\nHMSG "))
