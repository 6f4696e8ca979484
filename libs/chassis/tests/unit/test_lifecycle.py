import socket

import pytest

from chassis.config import ServiceConfig
from chassis.lifecycle import Service, Stage


class Config(ServiceConfig):
    service = "service"


@pytest.fixture
def service():
    return Service(Config(admin_port=0))


def test_parts_start_in_the_order_of_their_registration(service):
    order = []
    for part in ("database", "broker", "server"):
        service.on_start(lambda part=part: order.append(part))
    service.start()
    service.stop()
    assert order == ["database", "broker", "server"]


def test_servers_stop_first_then_workers_then_telemetry_and_what_they_used_last(service):
    order = []
    for stage in (Stage.CLOSE, Stage.TELEMETRY, Stage.SERVERS, Stage.WORKERS):
        service.on_stop(stage, lambda stage=stage: order.append(stage))
    service.stop()
    assert order == [Stage.SERVERS, Stage.WORKERS, Stage.TELEMETRY, Stage.CLOSE]


def test_within_a_stage_the_last_one_registered_stops_first(service):
    order = []
    for part in ("relay", "consumer"):
        service.on_stop(Stage.WORKERS, lambda part=part: order.append(part))
    service.stop()
    assert order == ["consumer", "relay"]


def test_a_service_that_stops_is_unready_before_anything_else(service):
    seen = []
    service.on_stop(Stage.SERVERS, lambda: seen.append(service.readiness.problems()))
    service.stop()
    assert seen == [{"lifecycle": "stopping"}]


def test_a_part_that_fails_to_stop_does_not_keep_the_others_from_it(service):
    stopped = []
    service.on_stop(Stage.CLOSE, lambda: stopped.append("database"))
    service.on_stop(Stage.SERVERS, lambda: 1 / 0)
    service.stop()
    assert stopped == ["database"]


def test_a_taken_admin_port_is_one_clear_line():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(SystemExit) as exit:
            Service(Config(admin_port=port)).start()
    assert str(exit.value).startswith(
        f"service: cannot listen on 127.0.0.1:{port}, is it taken? Set ADMIN_PORT."
    )
    assert "\n" not in str(exit.value)


def test_the_admin_server_may_listen_elsewhere_than_the_service():
    not_of_this_machine = "192.0.2.1"
    service = Service(Config(host=not_of_this_machine, admin_host="127.0.0.1", admin_port=0))
    service.start()
    service.stop()
