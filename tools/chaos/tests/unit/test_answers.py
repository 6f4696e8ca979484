"""What counts as an answer on the wire."""

import struct

import pytest

from tools.chaos.answers import (
    GrpcAnswers,
    HttpAnswers,
    NatsAnswers,
    PostgresAnswers,
    SecureGrpcAnswers,
    SecureHttpAnswers,
)

DATA, HEADERS, SETTINGS, PING, WINDOW_UPDATE = 0, 1, 4, 6, 8
HANDSHAKE, ENCRYPTED = 22, 23  # records of TLS
READY_IDLE, READY_IN_TRANSACTION = b"Z\0\0\0\5I", b"Z\0\0\0\5T"


def frame(kind, content=b""):
    return struct.pack(">I", len(content))[1:] + bytes([kind, 0]) + bytes(4) + content


def test_whatever_http_sends_is_an_answer():
    assert HttpAnswers().is_answer(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("kind", [DATA, SETTINGS, PING, WINDOW_UPDATE])
def test_frames_that_keep_a_grpc_connection_alive_are_no_answer(kind):
    assert not GrpcAnswers().is_answer(frame(kind, b"\1" * 20))


def test_headers_are_an_answer_of_grpc():
    assert GrpcAnswers().is_answer(frame(SETTINGS, b"\1" * 6) + frame(HEADERS, b"x"))


@pytest.mark.parametrize("cut", range(1, 30))
def test_an_answer_of_grpc_is_known_wherever_the_chunks_end(cut):
    stream = frame(SETTINGS, b"\1" * 6) + frame(HEADERS, b"x" * 20)
    watched = GrpcAnswers()
    assert [watched.is_answer(part) for part in (stream[:cut], stream[cut:])].count(True) == 1


def test_what_looks_like_headers_within_a_frame_is_no_answer():
    watched = GrpcAnswers()
    assert not watched.is_answer(frame(DATA, frame(HEADERS, b"x")))
    assert watched.is_answer(frame(HEADERS, b"x"))


def test_the_greeting_of_postgresql_is_no_answer_and_what_comes_next_is():
    watched = PostgresAnswers()
    assert not watched.is_answer(b"N")
    assert not watched.is_answer(b"R\0\0\0\x08\0\0\0\0" + READY_IDLE)
    assert watched.is_answer(b"C\0\0\0\x0bCOMMIT\0" + READY_IDLE)


def test_a_statement_within_a_transaction_of_postgresql_has_taken_no_effect_yet():
    watched = PostgresAnswers()
    watched.is_answer(READY_IDLE)
    assert not watched.is_answer(b"C\0\0\0\x0fINSERT 0 1\0" + READY_IN_TRANSACTION)


@pytest.mark.parametrize("chunk", [b"MSG _INBOX.1 1 2\r\nhi\r\n", b"PONG\r\nHMSG a 1 2 3\r\n"])
def test_a_message_is_an_answer_of_nats(chunk):
    assert NatsAnswers().is_answer(chunk)


@pytest.mark.parametrize("chunk", [b'INFO {"server_id":"MSG "}\r\n', b"PONG\r\n", b"+OK\r\nPING\r\n"])
def test_greetings_and_pings_are_no_answer_of_nats(chunk):
    assert not NatsAnswers().is_answer(chunk)


def record(content, kind=ENCRYPTED):
    """A record of TLS 1.3: what is hidden in it is 17 bytes longer."""
    return bytes([kind, 3, 3]) + struct.pack(">H", len(content) + 17) + bytes(len(content) + 17)


def after_the_handshake(watched):
    watched.look_at_request(record(b"", HANDSHAKE))
    assert not watched.is_answer(record(b"", HANDSHAKE) + record(bytes(2000)))
    watched.look_at_request(record(bytes(1000)))
    return watched


def test_in_tls_what_comes_after_the_handshake_is_an_answer_of_http():
    assert after_the_handshake(SecureHttpAnswers()).is_answer(record(b"HTTP/1.1 200 OK\r\n"))


def test_in_tls_an_answer_of_grpc_is_longer_than_what_keeps_the_connection_alive():
    watched = after_the_handshake(SecureGrpcAnswers())
    assert not watched.is_answer(record(frame(SETTINGS, bytes(36)) + frame(WINDOW_UPDATE, bytes(4))))
    assert not watched.is_answer(record(frame(SETTINGS)) + record(frame(PING, bytes(8))))
    assert watched.is_answer(record(frame(HEADERS, b"x" * 9)))


@pytest.mark.parametrize("cut", range(1, 50))
def test_in_tls_an_answer_is_known_wherever_the_chunks_end(cut):
    watched = after_the_handshake(SecureGrpcAnswers())
    stream = record(frame(SETTINGS)) + record(frame(HEADERS, b"x" * 20))
    assert [watched.is_answer(part) for part in (stream[:cut], stream[cut:])].count(True) == 1
