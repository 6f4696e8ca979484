"""The block of ports of a stack, and the error if one is taken."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest

from laptop import LaptopError
from laptop.ephemeral import free_port_block
from laptop.ports import BLOCK, Ports, check_free


@pytest.fixture
def taken() -> Iterator[Ports]:
    ports = Ports(free_port_block())
    with socket.create_server(("127.0.0.1", ports.nats)):
        yield ports


def message_about(ports: Ports) -> str:
    with pytest.raises(LaptopError) as caught:
        check_free(ports)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_no_port_is_used_twice() -> None:
    ports = Ports(8080)
    calls = sum(len(service.calls) for service in ports.services)
    assert len(ports.all()) == 8 + 2 * len(ports.services)
    assert len(ports.all(with_mesh=True)) == 8 + 5 * len(ports.services) + calls + 5


def test_two_stacks_a_block_apart_share_no_port() -> None:
    one, other = Ports(8080), Ports(8080 + BLOCK)
    assert not one.all(with_mesh=True).keys() & other.all(with_mesh=True).keys()


def test_the_error_names_a_taken_port_with_its_use_and_its_owner(taken: Ports) -> None:
    assert f"Port {taken.nats} (for NATS) is taken by process {os.getpid()}: " in message_about(taken)


def test_the_error_proposes_ports_that_are_free(taken: Ports) -> None:
    proposed = int(message_about(taken).rpartition("make up PORT=")[2])
    check_free(Ports(proposed))


def test_a_port_that_is_open_on_all_addresses_is_taken() -> None:
    ports = Ports(free_port_block())
    with socket.create_server(("0.0.0.0", ports.gateway)):
        assert f"Port {ports.gateway} (for the gateway) is taken" in message_about(ports)


@pytest.mark.parametrize("number", [0, -1, 65500, 100000])
def test_a_port_out_of_range_is_rejected(number: int) -> None:
    with pytest.raises(LaptopError, match="PORT must be a number"):
        Ports(number)
