"""Knowing an answer when it passes: what a callee sends first to say that it has done what was asked.

Each watches one connection from its beginning, chunk by chunk.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

_FRAME_HEAD = 9  # bytes: three of length, one of type, one of flags, four of stream
_HEADERS = 1  # the type of frame that begins, and in gRPC also ends, an answer
_READY = b"Z\0\0\0\5"  # PostgreSQL's ReadyForQuery, up to its last byte, the state of the transaction
_IDLE = b"I"
_RECORD_HEAD = 5  # bytes: one of type, two of version, two of length
_ENCRYPTED = 23  # the type of a record that nobody else can read
_HOUSEKEEPING = 17 + 17  # bytes of a record: the longest frame that keeps a connection alive, and TLS's own


class Answers(ABC):
    """What passes on one connection."""

    def look_at_request(self, chunk: bytes) -> None:  # noqa: B027 - most have no need to
        """See what the caller sends."""

    @abstractmethod
    def is_answer(self, chunk: bytes) -> bool:
        """Whether something in the callee's chunk says that a request has taken effect."""


class _Frames:
    """A stream of frames, each with a head of the same size, which says how many bytes follow."""

    def __init__(self, head_size: int, following: Callable[[bytes], int]) -> None:
        self._head_size = head_size
        self._following = following
        self._head = b""
        self._to_skip = 0

    def heads(self, chunk: bytes) -> list[bytes]:
        """The heads that end in the next chunk of the stream."""
        found = []
        while chunk:
            skipped, chunk = chunk[: self._to_skip], chunk[self._to_skip :]
            self._to_skip -= len(skipped)
            missing = self._head_size - len(self._head)
            self._head, chunk = self._head + chunk[:missing], chunk[missing:]
            if len(self._head) == self._head_size:
                found.append(self._head)
                self._to_skip, self._head = self._following(self._head), b""
        return found


class HttpAnswers(Answers):
    """HTTP/1.1: whatever comes is an answer."""

    def is_answer(self, chunk: bytes) -> bool:
        """As `Answers` says."""
        return True


class GrpcAnswers(Answers):
    """HTTP/2: a HEADERS frame; the frames that keep a connection alive are none."""

    def __init__(self) -> None:
        self._frames = _Frames(_FRAME_HEAD, lambda head: int.from_bytes(head[:3]))

    def is_answer(self, chunk: bytes) -> bool:
        """As `Answers` says."""
        return any(head[3] == _HEADERS for head in self._frames.heads(chunk))


class SecureHttpAnswers(Answers):
    """HTTP/1.1 in TLS 1.3, which hides what is said: whatever comes after the handshake is an answer.

    The handshake is over when the caller sends something encrypted: its certificate, which the callee asks for.
    """

    def __init__(self) -> None:
        self._requests = _Frames(_RECORD_HEAD, _length)
        self._answers = _Frames(_RECORD_HEAD, _length)
        self._is_greeted = False

    def look_at_request(self, chunk: bytes) -> None:
        """As `Answers` says."""
        self._is_greeted |= any(head[0] == _ENCRYPTED for head in self._requests.heads(chunk))

    def is_answer(self, chunk: bytes) -> bool:
        """As `Answers` says."""
        return any(self._is_greeted and self._says_something(head) for head in self._answers.heads(chunk))

    def _says_something(self, _head: bytes) -> bool:
        return True


class SecureGrpcAnswers(SecureHttpAnswers):
    """HTTP/2 in TLS 1.3: what comes after the callee's settings and is too long to only keep the connection alive."""

    def __init__(self) -> None:
        super().__init__()
        self._has_settings = False

    def _says_something(self, head: bytes) -> bool:
        had_settings, self._has_settings = self._has_settings, True
        return had_settings and _length(head) > _HOUSEKEEPING


def _length(head: bytes) -> int:
    """Of a record of TLS."""
    return int.from_bytes(head[3:])


class PostgresAnswers(Answers):
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


class NatsAnswers(Answers):
    """NATS: a message; the greeting and the pings are none."""

    def is_answer(self, chunk: bytes) -> bool:
        """As `Answers` says."""
        return any(sign in b"\n" + chunk for sign in (b"\nMSG ", b"\nHMSG "))
