import signal
import socket
import subprocess
import threading

import pytest
import requests

from libs.chassis.tests.service.example_http_service import COMMAND, responds, running_process
from tests.support.waiting import wait_until


@pytest.fixture
def run_example(tmp_path, free_port):
    return lambda **environ: running_process(tmp_path, free_port(), free_port(), **environ)


@pytest.fixture
def start_slow_request():
    """Start a request to /slow in the background: start_slow_request(example) returns the list of responses.

    The service has started to handle the request when the function returns.
    """
    threads = []

    def start(example):
        responses = []
        url = f"{example.url}/slow"
        threads.append(threading.Thread(target=lambda: responses.append(requests.get(url, timeout=20).text)))
        threads[-1].start()
        wait_until((example.folder / "started").exists)
        return responses

    yield start
    for thread in threads:
        thread.join()


def readiness(example):
    return requests.get(f"{example.admin_url}/readyz", timeout=5).status_code


def test_a_service_that_stops_finishes_the_current_request(run_example, start_slow_request):
    with run_example() as example:
        responses = start_slow_request(example)
        example.process.terminate()
        wait_until(lambda: not responds(f"{example.url}/products/tea"))
        assert readiness(example) == 503
        (example.folder / "may-finish").touch()
        assert example.process.wait(10) == 0
        wait_until(lambda: responses == ["done"])
        assert example.log()[-1]["message"] == "stopped"


def test_a_service_that_drains_is_not_ready_but_still_responds(run_example):
    with run_example(DRAIN_SECONDS="3600") as example:
        example.process.terminate()
        wait_until(lambda: readiness(example) == 503)
        assert requests.get(f"{example.url}/products/tea", timeout=5).status_code == 200


def test_a_second_signal_ends_the_process_at_once(run_example):
    with run_example(DRAIN_SECONDS="3600") as example:
        example.process.terminate()
        wait_until(lambda: any(line["message"] == "stopping" for line in example.log()))
        example.process.send_signal(signal.SIGINT)
        assert example.process.wait(10) == 1


def test_a_request_that_does_not_finish_is_abandoned_after_the_stop_timeout(run_example):
    with run_example(STOP_SECONDS="0.1") as example, socket.create_connection(example.address) as client:
        client.sendall(b"GET /slow HTTP/1.1\r\nHost: example\r\n\r\n")
        wait_until((example.folder / "started").exists)
        example.process.terminate()
        assert example.process.wait(10) == 0
        assert client.recv(1) == b""


@pytest.mark.parametrize("variable", ["PORT", "ADMIN_PORT"])
def test_a_port_in_use_is_reported_in_one_line(variable, tmp_path, free_port):
    with socket.create_server(("127.0.0.1", 0)) as other:
        ports = {"PORT": str(free_port()), "ADMIN_PORT": str(free_port())}
        ports[variable] = str(other.getsockname()[1])
        result = subprocess.run([*COMMAND, tmp_path], env=ports, capture_output=True, text=True, timeout=20)
    assert result.returncode == 1
    [line] = result.stderr.splitlines()
    assert line.startswith(
        f"example: cannot listen on 127.0.0.1:{ports[variable]}, is it taken? Set {variable}."
    )
