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
    service = "example"

service = Service(Config(admin_port=0, drain_seconds=float(sys.argv[1])))
service.on_start(lambda: exec(sys.argv[2]))
service.on_stop(Stage.SERVERS, lambda: print("stopping components", flush=True))
service.run()
"""


@contextmanager
def process(drain_seconds=0.0, start=""):
    """Run a service in a process within a block."""
    command = [sys.executable, "-c", PROGRAM, str(drain_seconds), start]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        try:
            yield running
        finally:
            running.kill()


def read_until(running, text):
    """Read lines until one contains `text`."""
    while text not in (line := running.stdout.readline()):
        assert line, f"the process exited without writing {text!r}"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_all_components_and_the_exit_code_is_0(number):
    with process() as running:
        read_until(running, '"started"')
        running.send_signal(number)
        read_until(running, "stopping components")
        read_until(running, '"stopped"')
        assert running.wait(10) == 0


def test_a_second_signal_ends_the_process_at_once():
    with process(drain_seconds=3600) as running:
        read_until(running, '"started"')
        running.send_signal(signal.SIGTERM)
        read_until(running, '"stopping"')
        running.send_signal(signal.SIGTERM)
        assert running.wait(10) == 1


def test_a_request_that_never_finishes_does_not_keep_the_process_alive():
    endless = (
        "from chassis.grpc_server import _DaemonThreads; _DaemonThreads(1).submit(threading.Event().wait)"
    )
    with process(start=endless) as running:
        read_until(running, '"started"')
        running.terminate()
        assert running.wait(10) == 0


def test_a_component_that_cannot_start_stops_the_others_and_ends_the_process():
    with process(start="raise service.port_taken('PORT', 8000)") as running:
        read_until(running, "stopping components")
        assert running.wait(10) == 1
        [line] = running.stderr.read().splitlines()
        assert line.startswith("example: cannot listen on 127.0.0.1:8000, is it taken? Set PORT.")
