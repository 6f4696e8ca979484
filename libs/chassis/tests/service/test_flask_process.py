import signal
import socket
import subprocess
import sys
import threading

import pytest
import requests

from libs.chassis.tests.service.http_process import PROGRAM, answers, running_service
from tests.support.waiting import wait_until


@pytest.fixture
def run_service(tmp_path, free_port):
    return lambda **environ: running_service(tmp_path, free_port(), free_port(), **environ)


@pytest.fixture
def slowly_asked():
    """Asks a service for its slow page, in the background, until that has begun: slowly_asked(service) -> answers."""
    threads = []

    def ask(service):
        found = []
        slow = f"{service.url}/slow"
        threads.append(threading.Thread(target=lambda: found.append(requests.get(slow, timeout=20).text)))
        threads[-1].start()
        wait_until((service.folder / "begun").exists)
        return found

    yield ask
    for thread in threads:
        thread.join()


def test_a_service_that_is_told_to_stop_finishes_the_request_in_hand(run_service, slowly_asked):
    with run_service() as service:
        found = slowly_asked(service)
        service.process.terminate()
        wait_until(lambda: not answers(f"{service.url}/products/tea"))
        assert requests.get(f"{service.admin_url}/readyz", timeout=5).status_code == 503
        (service.folder / "may-finish").touch()
        assert service.process.wait(10) == 0
        wait_until(lambda: found == ["done"])
        assert service.log()[-1]["message"] == "stopped"


def test_a_service_that_drains_is_not_ready_but_answers(run_service):
    with run_service(DRAIN_SECONDS="3600") as service:
        service.process.terminate()
        wait_until(lambda: requests.get(f"{service.admin_url}/readyz", timeout=5).status_code == 503)
        assert requests.get(f"{service.url}/products/tea", timeout=5).status_code == 200


def test_a_second_signal_ends_the_process_at_once(run_service):
    with run_service(DRAIN_SECONDS="3600") as service:
        service.process.terminate()
        wait_until(lambda: any(line["message"] == "stopping" for line in service.log()))
        service.process.send_signal(signal.SIGINT)
        assert service.process.wait(10) == 1


def test_a_request_that_does_not_end_is_given_up(run_service):
    with run_service(STOP_SECONDS="0.1") as service, socket.create_connection(service.address) as client:
        client.sendall(b"GET /slow HTTP/1.1\r\nHost: service\r\n\r\n")
        wait_until((service.folder / "begun").exists)
        service.process.terminate()
        assert service.process.wait(10) == 0
        assert client.recv(1) == b""


@pytest.mark.parametrize("variable", ["PORT", "ADMIN_PORT"])
def test_a_taken_port_is_one_clear_line(variable, tmp_path, free_port):
    with socket.create_server(("127.0.0.1", 0)) as other:
        ports = {"PORT": str(free_port()), "ADMIN_PORT": str(free_port())}
        ports[variable] = str(other.getsockname()[1])
        ended = subprocess.run(
            [sys.executable, PROGRAM, tmp_path], env=ports, capture_output=True, text=True, timeout=20
        )
    assert ended.returncode == 1
    [line] = ended.stderr.splitlines()
    assert line.startswith(
        f"service: cannot listen on 127.0.0.1:{ports[variable]}, is it taken? Set {variable}."
    )
