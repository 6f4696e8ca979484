"""Response detection for every protocol."""

import struct

import pytest

from tools.chaos.responses import (
    GrpcDetector,
    HttpDetector,
    NatsDetector,
    PostgresDetector,
    TlsGrpcDetector,
    TlsHttpDetector,
)

DATA, HEADERS, SETTINGS, PING, WINDOW_UPDATE = 0, 1, 4, 6, 8
HANDSHAKE, APPLICATION_DATA = 22, 23  # types of TLS records
READY_IDLE, READY_IN_TRANSACTION = b"Z\0\0\0\5I", b"Z\0\0\0\5T"


def frame(kind, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, 0]) + bytes(4) + payload


def record(payload, kind=APPLICATION_DATA):
    """Return a TLS 1.3 record, which is 17 bytes longer than its payload."""
    return bytes([kind, 3, 3]) + struct.pack(">H", len(payload) + 17) + bytes(len(payload) + 17)


def after_handshake(detector):
    detector.request_sent(record(b"", HANDSHAKE))
    assert not detector.is_response(record(b"", HANDSHAKE) + record(bytes(2000)))
    detector.request_sent(record(bytes(1000)))
    return detector


def test_everything_that_http_sends_is_a_response():
    assert HttpDetector().is_response(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("kind", [DATA, SETTINGS, PING, WINDOW_UPDATE])
def test_grpc_frames_other_than_headers_are_not_a_response(kind):
    assert not GrpcDetector().is_response(frame(kind, b"\1" * 20))


def test_grpc_headers_are_a_response():
    assert GrpcDetector().is_response(frame(SETTINGS, b"\1" * 6) + frame(HEADERS, b"x"))


@pytest.mark.parametrize("split", range(1, 30))
def test_a_grpc_response_is_detected_if_it_is_split_into_chunks(split):
    stream = frame(SETTINGS, b"\1" * 6) + frame(HEADERS, b"x" * 20)
    detector = GrpcDetector()
    assert [detector.is_response(part) for part in (stream[:split], stream[split:])].count(True) == 1


def test_a_payload_that_looks_like_headers_is_not_a_response():
    detector = GrpcDetector()
    assert not detector.is_response(frame(DATA, frame(HEADERS, b"x")))
    assert detector.is_response(frame(HEADERS, b"x"))


def test_after_the_login_postgresql_sends_responses():
    detector = PostgresDetector()
    assert not detector.is_response(b"N")
    assert not detector.is_response(b"R\0\0\0\x08\0\0\0\0" + READY_IDLE)
    assert detector.is_response(b"C\0\0\0\x0bCOMMIT\0" + READY_IDLE)


def test_a_statement_in_an_open_transaction_has_no_effect_yet():
    detector = PostgresDetector()
    detector.is_response(READY_IDLE)
    assert not detector.is_response(b"C\0\0\0\x0fINSERT 0 1\0" + READY_IN_TRANSACTION)


@pytest.mark.parametrize("chunk", [b"MSG _INBOX.1 1 2\r\nhi\r\n", b"PONG\r\nHMSG a 1 2 3\r\n"])
def test_a_nats_message_is_a_response(chunk):
    assert NatsDetector().is_response(chunk)


@pytest.mark.parametrize("chunk", [b'INFO {"server_id":"MSG "}\r\n', b"PONG\r\n", b"+OK\r\nPING\r\n"])
def test_server_information_and_pings_of_nats_are_not_a_response(chunk):
    assert not NatsDetector().is_response(chunk)


def test_with_tls_everything_that_http_sends_after_the_handshake_is_a_response():
    assert after_handshake(TlsHttpDetector()).is_response(record(b"HTTP/1.1 200 OK\r\n"))


def test_with_tls_a_grpc_response_is_longer_than_a_keepalive_frame():
    detector = after_handshake(TlsGrpcDetector())
    assert not detector.is_response(record(frame(SETTINGS, bytes(36)) + frame(WINDOW_UPDATE, bytes(4))))
    assert not detector.is_response(record(frame(SETTINGS)) + record(frame(PING, bytes(8))))
    assert detector.is_response(record(frame(HEADERS, b"x" * 9)))


@pytest.mark.parametrize("split", range(1, 50))
def test_with_tls_a_response_is_detected_if_it_is_split_into_chunks(split):
    detector = after_handshake(TlsGrpcDetector())
    stream = record(frame(SETTINGS)) + record(frame(HEADERS, b"x" * 20))
    assert [detector.is_response(part) for part in (stream[:split], stream[split:])].count(True) == 1
