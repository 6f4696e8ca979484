"""Containers restart and are replaced; the data is kept."""

import pytest

from tests.containers.project import CONTAINERS
from tests.system.conftest import Customer
from tests.system.test_outages import buy, wait_for_state, wait_until_ready


@pytest.fixture
def order(customer, in_stock):
    return buy(customer, in_stock[6])


def cart(customer: Customer):
    return customer.call("GET", "/api/v1/cart").json()["items"]


def test_all_containers_stop_gracefully_and_start_again_with_their_data(compose, customer, order, in_stock):
    customer.fill_cart(in_stock[7], 2)
    compose.run("stop")
    killed = 137  # 128 + SIGKILL: Docker's timeout expired
    exit_codes = {name: compose.inspect(name)["State"]["ExitCode"] for name in CONTAINERS}
    assert killed not in exit_codes.values(), exit_codes
    assert {name for name, code in exit_codes.items() if code != 0} == set(), exit_codes
    compose.run("up", "--wait")
    wait_for_state(customer, order, "CONFIRMED", "SHIPPED")
    assert [(item["productId"], item["quantity"]) for item in cart(customer)] == [(in_stock[7], 2)]


def test_new_containers_have_the_data_of_the_old_ones(compose, customer, order, in_stock, emails):
    customer.fill_cart(in_stock[7])
    wait_for_state(customer, order, "SHIPPED")
    before = [text for text in emails() if customer.email in text]
    compose.run("down")
    compose.run("up", "--wait")
    wait_for_state(customer, order, "SHIPPED")
    assert len(cart(customer)) == 1
    assert [text for text in emails() if customer.email in text][: len(before)] == before
    assert buy(customer, in_stock[7])["state"] == "CONFIRMED"


def test_docker_restarts_a_container_that_crashes(compose, stack_url):
    before = compose.inspect("catalog")["RestartCount"]
    # The kernel ignores a SIGKILL that process 1 sends to itself, and Docker does not restart after `docker kill`.
    compose.exec("catalog", "python", "-c", "import os; os.kill(1, 15)")
    wait_until_ready(stack_url)
    assert compose.inspect("catalog")["RestartCount"] == before + 1


def test_the_script_for_roles_and_databases_can_run_again(compose, customer, in_stock):
    command = ["psql", "--username=postgres", "--quiet", "--set=ON_ERROR_STOP=1"]
    again = compose.exec("postgres", *command, "--file=/docker-entrypoint-initdb.d/roles.sql")
    assert (again.returncode, again.stderr) == (0, "")
    assert buy(customer, in_stock[6])["state"] == "CONFIRMED"


def test_a_service_cannot_connect_to_the_database_of_another(compose):
    program = (
        "import psycopg, sys; url = open('/run/secrets/database_url').read().strip();"
        "psycopg.connect(url.rsplit('/', 1)[0] + '/orders')"
    )
    tried = compose.exec("catalog", "python", "-c", program)
    assert 'permission denied for database "orders"' in tried.stderr
