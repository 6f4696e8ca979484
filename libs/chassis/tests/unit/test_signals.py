import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

PROGRAM = """
import sys, threading
from chassis.config import ServiceConfig
from chassis.lifecycle import Service, Stage

class Config(ServiceConfig):
    service = "service"

service = Service(Config(admin_port=0, drain_seconds=float(sys.argv[1])))
service.on_start(lambda: exec(sys.argv[2]))
service.on_stop(Stage.SERVERS, lambda: print("stops", flush=True))
service.run()
"""


@contextmanager
def process(drain_seconds=0.0, start=""):
    """A service in a process of its own, which has started."""
    command = [sys.executable, "-c", PROGRAM, str(drain_seconds), start]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        try:
            yield running
        finally:
            running.kill()


def wait_for(running, text):
    """Reads lines until one has the text."""
    while text not in (line := running.stdout.readline()):
        assert line, f"ended without saying {text!r}"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_all_parts_and_ends_the_process_well(number):
    with process() as running:
        wait_for(running, '"started"')
        running.send_signal(number)
        wait_for(running, "stops")
        wait_for(running, '"stopped"')
        assert running.wait(10) == 0


def test_a_second_signal_ends_the_process_at_once():
    with process(drain_seconds=3600) as running:
        wait_for(running, '"started"')
        running.send_signal(signal.SIGTERM)
        wait_for(running, '"stopping"')
        running.send_signal(signal.SIGTERM)
        assert running.wait(10) == 1


def test_a_request_that_never_ends_does_not_keep_the_process_alive():
    endless = (
        "from chassis.grpc_server import _DaemonThreads; _DaemonThreads(1).submit(threading.Event().wait)"
    )
    with process(start=endless) as running:
        wait_for(running, '"started"')
        running.terminate()
        assert running.wait(10) == 0


def test_a_part_that_cannot_start_ends_the_process_and_stops_the_others():
    with process(start="raise service.port_taken('PORT', 8000)") as running:
        wait_for(running, "stops")
        assert running.wait(10) == 1
        [line] = running.stderr.read().splitlines()
        assert line.startswith("service: cannot listen on 127.0.0.1:8000, is it taken? Set PORT.")
