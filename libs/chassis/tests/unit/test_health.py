import http.client
import json
import logging
import socket

import pytest

from chassis.errors import Unavailable
from chassis.health import AdminServer, Readiness


def fine():
    """A check that finds nothing."""


def out():
    raise Unavailable("DATABASE_UNAVAILABLE", "The database does not answer.\nReally.")


@pytest.fixture
def readiness():
    return Readiness()


@pytest.fixture
def admin(readiness):
    server = AdminServer("127.0.0.1", 0, readiness)
    server.start()
    yield server
    server.stop()


def ask(admin, path, method="GET"):
    """Status, content type and body of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", admin.port, timeout=10)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.headers["Content-Type"], answer.read().decode()
    finally:
        connection.close()


def test_a_service_without_checks_is_ready(readiness):
    assert readiness.problems() == {}


def test_what_is_wrong_is_told_by_check_in_one_line(readiness):
    readiness.add("broker", fine)
    readiness.add("database", out)
    assert readiness.problems() == {"database": "The database does not answer."}


def test_a_check_that_fails_without_a_word_is_told_by_its_exception(readiness):
    def silent():
        raise KeyError

    readiness.add("cache", silent)
    assert readiness.problems() == {"cache": "KeyError"}


def test_a_service_that_stops_is_not_ready_whatever_its_checks_say(readiness):
    readiness.add("broker", fine)
    readiness.stop()
    assert readiness.problems() == {"lifecycle": "stopping"}


def test_becoming_ready_or_unready_is_logged_once(readiness, caplog):
    caplog.set_level(logging.INFO)
    problems: list[str] = []

    def check():
        if problems:
            raise Unavailable("X", problems[0])

    readiness.add("name", check)
    for now in ([], [], ["gone"], ["gone"], []):
        problems[:] = now
        readiness.problems()
    assert [record.message for record in caplog.records] == ["ready", "not ready", "ready"]


def test_a_service_that_is_not_ready_is_alive_all_the_same(admin, readiness):
    readiness.add("database", out)
    status, kind, body = ask(admin, "/livez")
    assert (status, kind, json.loads(body)) == (200, "application/json", {"status": "live"})


def test_readiness_is_told_over_http(admin, readiness):
    assert ask(admin, "/readyz?verbose")[0] == 200
    readiness.add("database", out)
    status, _, body = ask(admin, "/readyz")
    assert status == 503
    assert json.loads(body) == {"status": "not ready", "database": "The database does not answer."}


def test_metrics_are_told_over_http(admin):
    status, kind, body = ask(admin, "/metrics")
    assert status == 200
    assert kind.startswith("text/plain")
    assert "process_cpu_seconds_total" in body


def test_readiness_is_a_metric_too(admin, readiness):
    assert "market_ready 1.0" in ask(admin, "/metrics")[2]
    readiness.add("database", out)
    assert "market_ready 0.0" in ask(admin, "/metrics")[2]


def test_another_page_is_not_found_and_the_known_ones_are_named(admin):
    status, _, body = ask(admin, "/")
    assert status == 404
    assert json.loads(body)["pages"] == ["/livez", "/readyz", "/metrics"]


def test_nothing_can_be_changed_through_the_admin_server(admin):
    assert ask(admin, "/livez", "POST")[0] == 501


def test_a_prober_that_hangs_up_or_sends_nonsense_disturbs_nobody(admin, capfd):
    for nonsense in (b"", b"GET", b"\x16\x03\x01\x00", b"GET /metrics HTTP/1.0\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", admin.port)) as prober:
            prober.sendall(nonsense)
    assert ask(admin, "/livez")[0] == 200
    assert capfd.readouterr().err == ""
