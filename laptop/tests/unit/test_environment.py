"""What the services find in their environment."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from laptop.environment import Market, common_environment, service_environment
from laptop.home import MARKER, Home
from topology import SERVICES


def environment_of(market: Market, name: str) -> dict[str, str]:
    return service_environment(market, next(service for service in SERVICES if service.name == name))


def test_a_service_with_data_gets_its_own_database_and_role(market: Market) -> None:
    found, password = environment_of(market, "catalog"), market.secrets.databases["catalog"]
    assert found["DATABASE_URL"] == f"postgresql://catalog:{password}@127.0.0.1:20002/catalog"


def test_a_service_without_data_gets_no_database(market: Market) -> None:
    assert "DATABASE_URL" not in environment_of(market, "storefront")


def test_a_grpc_service_is_called_by_address_and_an_http_service_by_url(market: Market) -> None:
    found = environment_of(market, "storefront")
    assert found["CATALOG_ADDR"] == f"127.0.0.1:{market.ports.service('catalog')}"
    assert found["ACCOUNTS_URL"] == f"http://127.0.0.1:{market.ports.service('accounts')}"


def test_a_service_learns_no_address_that_it_does_not_call(market: Market) -> None:
    found = environment_of(market, "payments")
    assert [name for name in found if name.endswith(("_ADDR", "_URL"))] == ["DATABASE_URL", "BANK_URL"]


def test_a_service_with_events_gets_the_broker(market: Market) -> None:
    assert environment_of(market, "notifications")["NATS_URL"] == market.broker.url


def test_a_service_that_only_listens_to_events_has_an_admin_port_alone(market: Market) -> None:
    found = environment_of(market, "notifications")
    assert "PORT" not in found
    assert found["ADMIN_PORT"] == str(market.ports.admin("notifications"))


def test_everything_listens_on_loopback(market: Market) -> None:
    assert {service_environment(market, service)["HOST"] for service in SERVICES} == {"127.0.0.1"}


def test_the_callers_environment_does_not_leak_into_the_market() -> None:
    caller = {
        "PATH": "/bin",
        "DATABASE_URL": "postgresql://elsewhere",
        "OTEL_SERVICE_NAME": "x",
        "LOG_LEVEL": "DEBUG",
    }
    found = common_environment(Home(Path("/somewhere")), caller)
    assert found == {
        "PATH": "/bin", "OTEL_SERVICE_NAME": "x", "LOG_LEVEL": "DEBUG",
        MARKER: "/somewhere", "MALLOC_ARENA_MAX": "2", "TZ": "UTC",
    }  # fmt: skip


def test_a_detour_leads_its_caller_elsewhere_and_nobody_else(market: Market) -> None:
    led = replace(
        market, detours={("orders", "payments"): 1, ("orders", "postgres"): 2, ("orders", "nats"): 3}
    )
    found = environment_of(led, "orders")
    assert found["PAYMENTS_ADDR"] == "127.0.0.1:1"
    assert found["DATABASE_URL"] == market.database_url("orders", "orders").replace("20002", "2")
    assert found["NATS_URL"] == market.broker.url.replace("20003", "3")
    changed = [s.name for s in SERVICES if service_environment(led, s) != service_environment(market, s)]
    assert changed == ["orders"]


def test_the_laptop_itself_takes_no_detour_to_a_database(market: Market) -> None:
    led = replace(market, detours={("orders", "postgres"): 2})
    assert led.database_url("orders", "orders") == market.database_url("orders", "orders")


def test_the_broker_may_be_given_less_room(market: Market) -> None:
    settings = json.loads(replace(market, broker_storage=1 << 20).broker.configuration())
    assert settings["jetstream"]["max_file_store"] == 1 << 20


def test_every_called_service_exists() -> None:
    names = {service.name for service in SERVICES}
    assert {name for service in SERVICES for name in service.calls} <= names
