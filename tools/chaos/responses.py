"""Response detection: find the bytes with which a server says that a request has taken effect.

The fault "drop responses" needs this: it lets the request pass and ends the connection before the response passes.
Each detector watches one connection from its start, chunk by chunk.
"""

from __future__ import annotations

from collections.abc import Callable

_HTTP2_HEADER = 9  # bytes: length (3), type (1), flags (1), stream (4)
_HEADERS = 1  # the frame type that starts a response and, in gRPC, also ends it
_READY_FOR_QUERY = b"Z\0\0\0\5"  # PostgreSQL's message without its last byte, the transaction status
_IDLE = b"I"  # the transaction status outside of a transaction
_TLS_HEADER = 5  # bytes: type (1), version (2), length (2)
_APPLICATION_DATA = 23  # the TLS record type of everything that is encrypted
_KEEPALIVE_RECORD = 17 + 17  # bytes: the longest HTTP/2 keepalive frame, and what TLS adds to it


class Detector:
    """Watches one connection. Without more knowledge of the protocol, everything from the callee is a response."""

    def request_sent(self, chunk: bytes) -> None:
        """Look at a chunk from the caller."""

    def is_response(self, chunk: bytes) -> bool:
        """Return whether a chunk from the callee contains a response, or its start."""
        return True


class HttpDetector(Detector):
    """HTTP/1.1: everything from the callee is a response."""


class _Frames:
    """Splits a stream into frames: a header of fixed size, which gives the length of the payload."""

    def __init__(self, header_size: int, payload_size: Callable[[bytes], int]) -> None:
        self._header_size = header_size
        self._payload_size = payload_size
        self._header = b""
        self._to_skip = 0

    def headers(self, chunk: bytes) -> list[bytes]:
        """Return the headers that are complete after this chunk."""
        found = []
        while chunk:
            skipped, chunk = chunk[: self._to_skip], chunk[self._to_skip :]
            self._to_skip -= len(skipped)
            missing = self._header_size - len(self._header)
            self._header, chunk = self._header + chunk[:missing], chunk[missing:]
            if len(self._header) == self._header_size:
                found.append(self._header)
                self._to_skip, self._header = self._payload_size(self._header), b""
        return found


class GrpcDetector(Detector):
    """HTTP/2: a HEADERS frame. Settings, pings and window updates are not responses."""

    def __init__(self) -> None:
        self._frames = _Frames(_HTTP2_HEADER, lambda header: int.from_bytes(header[:3]))

    def is_response(self, chunk: bytes) -> bool:
        return any(header[3] == _HEADERS for header in self._frames.headers(chunk))


class TlsHttpDetector(Detector):
    """HTTP/1.1 in TLS 1.3: everything from the callee after the handshake.

    The handshake is over when the caller sends an encrypted record: the client certificate.
    """

    def __init__(self) -> None:
        self._requests = _Frames(_TLS_HEADER, _record_size)
        self._responses = _Frames(_TLS_HEADER, _record_size)
        self._handshake_done = False

    def request_sent(self, chunk: bytes) -> None:
        records = self._requests.headers(chunk)
        self._handshake_done |= any(header[0] == _APPLICATION_DATA for header in records)

    def is_response(self, chunk: bytes) -> bool:
        records = self._responses.headers(chunk)
        return any(self._handshake_done and self._carries_response(header) for header in records)

    def _carries_response(self, _header: bytes) -> bool:
        return True


class TlsGrpcDetector(TlsHttpDetector):
    """HTTP/2 in TLS 1.3: a record after the callee's settings that is too long for a keepalive frame."""

    def __init__(self) -> None:
        super().__init__()
        self._settings_seen = False

    def _carries_response(self, header: bytes) -> bool:
        is_after_settings, self._settings_seen = self._settings_seen, True
        return is_after_settings and _record_size(header) > _KEEPALIVE_RECORD


def _record_size(header: bytes) -> int:
    return int.from_bytes(header[3:])


class PostgresDetector(Detector):
    """PostgreSQL: ready for the next query, with no transaction open. So a transaction was just committed.

    The first time is the end of the login. Inside a transaction nothing has taken effect yet.
    """

    def __init__(self) -> None:
        self._login_done = False

    def is_response(self, chunk: bytes) -> bool:
        if chunk[-6:-1] != _READY_FOR_QUERY:
            return False
        was_done, self._login_done = self._login_done, True
        return was_done and chunk[-1:] == _IDLE


class NatsDetector(Detector):
    """NATS: a message. The server's information and pings are not responses."""

    def is_response(self, chunk: bytes) -> bool:
        return any(command in b"\n" + chunk for command in (b"\nMSG ", b"\nHMSG "))
