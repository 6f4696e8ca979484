import socket

import pytest

from chassis.config import ServiceConfig
from chassis.lifecycle import Service, Stage


class Config(ServiceConfig):
    service = "example"


@pytest.fixture
def service():
    return Service(Config(admin_port=0))


def test_components_start_in_the_order_of_their_registration(service):
    order = []
    for component in ("database", "nats", "server"):
        service.on_start(lambda component=component: order.append(component))
    service.start()
    service.stop()
    assert order == ["database", "nats", "server"]


def test_servers_stop_first_then_workers_then_telemetry_then_connections(service):
    order = []
    for stage in (Stage.CLOSE, Stage.TELEMETRY, Stage.SERVERS, Stage.WORKERS):
        service.on_stop(stage, lambda stage=stage: order.append(stage))
    service.stop()
    assert order == [Stage.SERVERS, Stage.WORKERS, Stage.TELEMETRY, Stage.CLOSE]


def test_within_a_stage_the_last_registered_component_stops_first(service):
    order = []
    for component in ("relay", "consumer"):
        service.on_stop(Stage.WORKERS, lambda component=component: order.append(component))
    service.stop()
    assert order == ["consumer", "relay"]


def test_a_service_that_stops_first_becomes_not_ready(service):
    problems = []
    service.on_stop(Stage.SERVERS, lambda: problems.append(service.readiness.problems()))
    service.stop()
    assert problems == [{"lifecycle": "stopping"}]


def test_a_component_that_fails_to_stop_does_not_block_the_others(service):
    stopped = []
    service.on_stop(Stage.CLOSE, lambda: stopped.append("database"))
    service.on_stop(Stage.SERVERS, lambda: 1 / 0)
    service.stop()
    assert stopped == ["database"]


def test_an_admin_port_in_use_is_reported_in_one_line():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(SystemExit) as exit:
            Service(Config(admin_port=port)).start()
    assert str(exit.value).startswith(
        f"example: cannot listen on 127.0.0.1:{port}, is it taken? Set ADMIN_PORT."
    )
    assert "\n" not in str(exit.value)


def test_the_admin_server_can_listen_on_a_different_address():
    unassigned = "192.0.2.1"  # an address for documentation, which no machine has
    service = Service(Config(host=unassigned, admin_host="127.0.0.1", admin_port=0))
    service.start()
    service.stop()
