"""The environment variables of the services."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from laptop.stack import Stack, common_environment, service_environment
from laptop.state_dir import MARKER, StateDir
from topology import SERVICES


def environment_of(stack: Stack, name: str) -> dict[str, str]:
    return service_environment(stack, next(service for service in SERVICES if service.name == name))


def test_a_service_with_a_database_gets_its_own_url(stack: Stack) -> None:
    found, password = environment_of(stack, "catalog"), stack.secrets.databases["catalog"]
    assert found["DATABASE_URL"] == f"postgresql://catalog:{password}@127.0.0.1:20002/catalog"


def test_a_service_without_a_database_gets_no_url(stack: Stack) -> None:
    assert "DATABASE_URL" not in environment_of(stack, "storefront")


def test_a_grpc_upstream_has_an_address_and_an_http_upstream_a_url(stack: Stack) -> None:
    found = environment_of(stack, "storefront")
    assert found["CATALOG_ADDR"] == f"127.0.0.1:{stack.ports.service('catalog')}"
    assert found["ACCOUNTS_URL"] == f"http://127.0.0.1:{stack.ports.service('accounts')}"


def test_a_service_gets_the_addresses_of_its_upstreams_only(stack: Stack) -> None:
    found = environment_of(stack, "payments")
    assert [name for name in found if name.endswith(("_ADDR", "_URL"))] == ["DATABASE_URL", "BANK_URL"]


def test_a_service_with_events_gets_the_url_of_nats(stack: Stack) -> None:
    assert environment_of(stack, "notifications")["NATS_URL"] == stack.nats.url


def test_a_service_that_only_consumes_events_has_an_admin_port_only(stack: Stack) -> None:
    found = environment_of(stack, "notifications")
    assert "PORT" not in found
    assert found["ADMIN_PORT"] == str(stack.ports.admin("notifications"))


def test_everything_listens_on_loopback(stack: Stack) -> None:
    assert {service_environment(stack, service)["HOST"] for service in SERVICES} == {"127.0.0.1"}


def test_few_variables_of_the_caller_are_inherited() -> None:
    caller = {
        "PATH": "/bin",
        "DATABASE_URL": "postgresql://elsewhere",
        "OTEL_SERVICE_NAME": "x",
        "LOG_LEVEL": "DEBUG",
    }
    found = common_environment(StateDir(Path("/somewhere")), caller)
    assert found == {
        "PATH": "/bin", "OTEL_SERVICE_NAME": "x", "LOG_LEVEL": "DEBUG",
        MARKER: "/somewhere", "MALLOC_ARENA_MAX": "2", "TZ": "UTC",
    }  # fmt: skip


def test_an_address_override_changes_its_caller_only(stack: Stack) -> None:
    overridden = replace(
        stack, address_overrides={("orders", "payments"): 1, ("orders", "postgres"): 2, ("orders", "nats"): 3}
    )
    found = environment_of(overridden, "orders")
    assert found["PAYMENTS_ADDR"] == "127.0.0.1:1"
    assert found["DATABASE_URL"] == stack.database_url("orders", "orders").replace("20002", "2")
    assert found["NATS_URL"] == stack.nats.url.replace("20003", "3")
    changed = [
        s.name for s in SERVICES if service_environment(overridden, s) != service_environment(stack, s)
    ]
    assert changed == ["orders"]


def test_laptop_mode_itself_ignores_address_overrides(stack: Stack) -> None:
    overridden = replace(stack, address_overrides={("orders", "postgres"): 2})
    assert overridden.database_url("orders", "orders") == stack.database_url("orders", "orders")


def test_the_storage_of_nats_can_be_limited(stack: Stack) -> None:
    settings = json.loads(replace(stack, nats_storage=1 << 20).nats.configuration())
    assert settings["jetstream"]["max_file_store"] == 1 << 20


def test_every_upstream_exists() -> None:
    names = {service.name for service in SERVICES}
    assert {name for service in SERVICES for name in service.calls} <= names
