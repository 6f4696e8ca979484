import socket
import time
from contextlib import ExitStack

import pytest
import requests

from chassis.http_server import MAX_BODY_BYTES, THREADS
from libs.chassis.tests.service.example_http_service import running_process
from tests.support.tracing import TRACEPARENT


@pytest.fixture(scope="module")
def example(tmp_path_factory, free_port):
    with running_process(tmp_path_factory.mktemp("example"), free_port(), free_port()) as running:
        yield running


def error_of(response):
    """Return the status code, reason and message of an error response."""
    status = response.json()
    [info] = status["details"]
    assert info["domain"] == "night-market"
    return response.status_code, info["reason"], status["message"]


def request_count(example, **labels):
    """Return the number of requests in the metrics that have these labels."""
    selectors = [f'{name}="{value}"' for name, value in labels.items()]
    for line in requests.get(f"{example.admin_url}/metrics", timeout=5).text.splitlines():
        if line.startswith("http_server_request_duration_seconds_count") and all(
            part in line for part in selectors
        ):
            return float(line.split()[-1])
    return 0


def test_the_request_context_contains_the_headers(example):
    headers = {"X-Account-Id": "ada", "Traceparent": TRACEPARENT}
    content = requests.get(f"{example.url}/products/tea", headers=headers, timeout=5).json()["headers"]
    assert (content["x-account-id"], content["traceparent"]) == ("ada", TRACEPARENT)


def test_the_request_context_has_the_deadline_of_the_gateway(example):
    headers = {"Grpc-Timeout": "20S"}
    content = requests.get(f"{example.url}/products/tea", headers=headers, timeout=5).json()
    assert 15 < content["time_remaining"] <= 20


def test_a_domain_error_is_a_status_in_json(example):
    assert error_of(requests.get(f"{example.url}/sold-out", timeout=5)) == (400, "SOLD_OUT", "All gone.")


def test_an_unexpected_exception_is_logged_and_its_text_is_not_sent(example):
    response = requests.get(f"{example.url}/broken", timeout=5)
    assert error_of(response) == (500, "INTERNAL", "Something went wrong on our side.")
    assert "swordfish" not in response.text
    assert any("swordfish" in line.get("exception", "") for line in example.log())


def test_an_unknown_path_is_not_found(example):
    status, reason, _ = error_of(requests.get(f"{example.url}/nowhere", timeout=5))
    assert (status, reason) == (404, "NOT_FOUND")


def test_an_unsupported_method_is_rejected_with_the_supported_ones(example):
    response = requests.delete(f"{example.url}/uploads", timeout=5)
    assert error_of(response)[:2] == (405, "METHOD_NOT_ALLOWED")
    assert "POST" in response.headers["Allow"]


def test_a_body_of_the_maximum_size_is_accepted(example):
    response = requests.post(f"{example.url}/uploads", data=b"x" * MAX_BODY_BYTES, timeout=5)
    assert response.json() == {"bytes": MAX_BODY_BYTES}


def test_a_body_without_content_length_is_accepted(example):
    response = requests.post(f"{example.url}/uploads", data=iter([b"x" * 1000, b"y" * 1000]), timeout=5)
    assert response.json() == {"bytes": 2000}


@pytest.mark.parametrize("is_chunked", [False, True], ids=["with-length", "chunked"])
def test_a_body_that_is_too_large_is_rejected(example, is_chunked):
    body = b"x" * (MAX_BODY_BYTES + 1)
    response = requests.post(f"{example.url}/uploads", data=iter([body]) if is_chunked else body, timeout=5)
    assert error_of(response)[:2] == (413, "REQUEST_ENTITY_TOO_LARGE")


def test_requests_are_counted_by_route_and_status_code(example):
    labels = {
        "http_request_method": "GET",
        "http_route": "/products/<product_id>",
        "http_response_status_code": "200",
    }
    before = request_count(example, **labels)
    for product in ("tea", "cup"):
        requests.get(f"{example.url}/products/{product}", timeout=5)
    assert request_count(example, **labels) == before + 2


def test_unknown_paths_and_methods_share_one_metric(example):
    labels = {"http_request_method": "_OTHER", "http_route": "unknown", "http_response_status_code": "404"}
    before = request_count(example, **labels)
    for name in ("BREW", "WHEN"):
        requests.request(name, f"{example.url}/{name}", timeout=5)
    assert request_count(example, **labels) == before + 2


def test_a_request_that_is_not_http_is_rejected(example):
    with socket.create_connection(example.address, timeout=5) as client:
        client.sendall(b"HELLO THERE\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 400")


def test_clients_that_send_nothing_do_not_block_the_threads(example):
    with ExitStack() as clients:
        for _ in range(2 * THREADS):
            clients.enter_context(socket.create_connection(example.address, timeout=5))
        assert requests.get(f"{example.url}/products/tea", timeout=5).status_code == 200


def test_the_second_part_of_a_response_is_not_delayed(example):
    """Without TCP_NODELAY it would wait until the client acknowledges the first part: 40 ms on Linux."""
    with requests.Session() as session:
        session.get(f"{example.url}/products/tea", timeout=5)
        started = time.monotonic()
        for _ in range(20):
            session.get(f"{example.url}/products/tea", timeout=5)
        assert time.monotonic() - started < 20 * 0.04
