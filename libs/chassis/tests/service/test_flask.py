import socket
import time
from contextlib import ExitStack

import pytest
import requests

from chassis.http_server import MAX_BODY_BYTES, THREADS
from libs.chassis.tests.service.http_process import running_service

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture(scope="module")
def service(tmp_path_factory, free_port):
    with running_service(tmp_path_factory.mktemp("service"), free_port(), free_port()) as running:
        yield running


def refusal(response):
    """Status, reason and message of an error in JSON."""
    status = response.json()
    [info] = status["details"]
    assert info["domain"] == "night-market"
    return response.status_code, info["reason"], status["message"]


def metric(service, **labels):
    """How many requests were counted with these labels."""
    wanted = [f'{name}="{value}"' for name, value in labels.items()]
    for line in requests.get(f"{service.admin_url}/metrics", timeout=5).text.splitlines():
        if line.startswith("http_server_request_duration_seconds_count") and all(w in line for w in wanted):
            return float(line.split()[-1])
    return 0


def test_a_request_s_headers_are_the_current_call_s(service):
    headers = {"X-Account-Id": "ada", "Traceparent": TRACEPARENT}
    seen = requests.get(f"{service.url}/products/tea", headers=headers, timeout=5).json()["headers"]
    assert (seen["x-account-id"], seen["traceparent"]) == ("ada", TRACEPARENT)


def test_what_is_called_for_a_request_keeps_to_the_gateway_s_deadline(service):
    headers = {"Grpc-Timeout": "20S"}
    seen = requests.get(f"{service.url}/products/tea", headers=headers, timeout=5).json()
    assert 15 < seen["seconds left"] <= 20


def test_a_refusal_of_the_domain_is_a_status_in_json(service):
    assert refusal(requests.get(f"{service.url}/sold-out", timeout=5)) == (400, "SOLD_OUT", "All gone.")


def test_an_unexpected_exception_tells_nothing_but_is_logged(service):
    response = requests.get(f"{service.url}/broken", timeout=5)
    assert refusal(response) == (500, "INTERNAL", "Something went wrong on our side.")
    assert "swordfish" not in response.text
    assert any("swordfish" in line.get("exception", "") for line in service.log())


def test_an_unknown_page_is_not_found(service):
    status, reason, _ = refusal(requests.get(f"{service.url}/nowhere", timeout=5))
    assert (status, reason) == (404, "NOT_FOUND")


def test_a_method_that_a_page_does_not_have_is_refused_and_the_others_are_named(service):
    response = requests.delete(f"{service.url}/baskets", timeout=5)
    assert refusal(response)[:2] == (405, "METHOD_NOT_ALLOWED")
    assert "POST" in response.headers["Allow"]


def test_a_body_may_have_the_largest_size(service):
    response = requests.post(f"{service.url}/baskets", data=b"x" * MAX_BODY_BYTES, timeout=5)
    assert response.json() == {"bytes": MAX_BODY_BYTES}


def test_a_body_may_come_without_its_length(service):
    response = requests.post(f"{service.url}/baskets", data=iter([b"x" * 1000, b"y" * 1000]), timeout=5)
    assert response.json() == {"bytes": 2000}


@pytest.mark.parametrize("is_chunked", [False, True], ids=["with length", "without length"])
def test_a_body_that_is_too_large_is_refused(service, is_chunked):
    body = b"x" * (MAX_BODY_BYTES + 1)
    response = requests.post(f"{service.url}/baskets", data=iter([body]) if is_chunked else body, timeout=5)
    assert refusal(response)[:2] == (413, "REQUEST_ENTITY_TOO_LARGE")


def test_requests_are_counted_by_route_and_outcome(service):
    labels = {
        "http_request_method": "GET",
        "http_route": "/products/<product_id>",
        "http_response_status_code": "200",
    }
    before = metric(service, **labels)
    for product in ("tea", "cup"):
        requests.get(f"{service.url}/products/{product}", timeout=5)
    assert metric(service, **labels) == before + 2


def test_pages_and_methods_that_anybody_can_make_up_make_no_metrics_of_their_own(service):
    labels = {"http_request_method": "_OTHER", "http_route": "unknown", "http_response_status_code": "404"}
    before = metric(service, **labels)
    for name in ("BREW", "WHEN"):
        requests.request(name, f"{service.url}/{name}", timeout=5)
    assert metric(service, **labels) == before + 2


def test_a_request_that_is_not_http_is_rejected(service):
    with socket.create_connection(service.address, timeout=5) as client:
        client.sendall(b"HELLO THERE\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 400")


def test_clients_that_send_nothing_do_not_occupy_the_workers(service):
    with ExitStack() as clients:
        for _ in range(2 * THREADS):
            clients.enter_context(socket.create_connection(service.address, timeout=5))
        assert requests.get(f"{service.url}/products/tea", timeout=5).status_code == 200


def test_the_second_part_of_a_response_is_not_delayed(service):
    """Without TCP_NODELAY it would wait for the client's acknowledgment of the first part: 40 ms on Linux."""
    with requests.Session() as session:
        session.get(f"{service.url}/products/tea", timeout=5)
        started = time.monotonic()
        for _ in range(20):
            session.get(f"{service.url}/products/tea", timeout=5)
        assert time.monotonic() - started < 20 * 0.04
