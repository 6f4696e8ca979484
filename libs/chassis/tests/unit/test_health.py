import http.client
import json
import logging
import socket

import pytest

from chassis.errors import Unavailable
from chassis.health import AdminServer, Readiness


def healthy():
    """Pass, as a check of a dependency that works."""


def unavailable():
    raise Unavailable("DATABASE_UNAVAILABLE", "The database does not respond.\nTry later.")


@pytest.fixture
def readiness():
    return Readiness()


@pytest.fixture
def admin(readiness):
    server = AdminServer("127.0.0.1", 0, readiness)
    server.start()
    yield server
    server.stop()


def request(admin, path, method="GET"):
    """Return the status, content type and body of a response."""
    connection = http.client.HTTPConnection("127.0.0.1", admin.port, timeout=10)
    try:
        connection.request(method, path)
        response = connection.getresponse()
        return response.status, response.headers["Content-Type"], response.read().decode()
    finally:
        connection.close()


def test_a_service_without_checks_is_ready(readiness):
    assert readiness.problems() == {}


def test_each_failed_check_is_reported_in_one_line(readiness):
    readiness.add("nats", healthy)
    readiness.add("database", unavailable)
    assert readiness.problems() == {"database": "The database does not respond."}


def test_a_failure_without_a_message_is_reported_by_its_exception(readiness):
    def silent():
        raise KeyError

    readiness.add("cache", silent)
    assert readiness.problems() == {"cache": "KeyError"}


def test_a_service_that_stops_is_not_ready_even_if_its_checks_pass(readiness):
    readiness.add("nats", healthy)
    readiness.stop()
    assert readiness.problems() == {"lifecycle": "stopping"}


def test_a_change_of_readiness_is_logged_once(readiness, caplog):
    caplog.set_level(logging.INFO)
    problems: list[str] = []

    def check():
        if problems:
            raise Unavailable("DATABASE_UNAVAILABLE", problems[0])

    readiness.add("name", check)
    for now in ([], [], ["failed"], ["failed"], []):
        problems[:] = now
        readiness.problems()
    assert [record.message for record in caplog.records] == ["ready", "not ready", "ready"]


def test_a_service_that_is_not_ready_is_still_alive(admin, readiness):
    readiness.add("database", unavailable)
    status, kind, body = request(admin, "/livez")
    assert (status, kind, json.loads(body)) == (200, "application/json", {"status": "live"})


def test_readiness_is_served_over_http(admin, readiness):
    assert request(admin, "/readyz?verbose")[0] == 200
    readiness.add("database", unavailable)
    status, _, body = request(admin, "/readyz")
    assert status == 503
    assert json.loads(body) == {"status": "not ready", "database": "The database does not respond."}


def test_metrics_are_served_over_http(admin):
    status, kind, body = request(admin, "/metrics")
    assert status == 200
    assert kind.startswith("text/plain")
    assert "process_cpu_seconds_total" in body


def test_readiness_is_a_metric(admin, readiness):
    assert "market_ready 1.0" in request(admin, "/metrics")[2]
    readiness.add("database", unavailable)
    assert "market_ready 0.0" in request(admin, "/metrics")[2]


def test_an_unknown_path_is_not_found_and_the_known_paths_are_listed(admin):
    status, _, body = request(admin, "/")
    assert status == 404
    assert json.loads(body)["pages"] == ["/livez", "/readyz", "/metrics"]


def test_the_admin_server_accepts_only_get(admin):
    assert request(admin, "/livez", "POST")[0] == 501


def test_a_client_that_disconnects_or_sends_an_invalid_request_causes_no_error(admin, capfd):
    for data in (b"", b"GET", b"\x16\x03\x01\x00", b"GET /metrics HTTP/1.0\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", admin.port)) as client:
            client.sendall(data)
    assert request(admin, "/livez")[0] == 200
    assert capfd.readouterr().err == ""
