"""Containers come and go; what was sold stays sold."""

import pytest

from tests.containers.engine import CONTAINERS
from tests.system.conftest import Shopper
from tests.system.test_outages import buys, reaches, sells


@pytest.fixture
def order(shopper, plentiful):
    return buys(shopper, plentiful[6])


def basket(shopper: Shopper):
    return shopper.call("GET", "/api/v1/cart").json()["items"]


def test_all_containers_stop_by_themselves_and_start_again_with_all_they_knew(
    compose, shopper, order, plentiful
):
    shopper.fill_basket(plentiful[7], 2)
    compose.run("stop")
    killed = 137
    ended = {name: compose.inspect(name)["State"]["ExitCode"] for name in CONTAINERS}
    assert killed not in ended.values(), ended
    assert {name for name, code in ended.items() if code != 0} == set(), ended
    compose.run("up", "--wait")
    reaches(shopper, order, "CONFIRMED", "SHIPPED")
    assert [(item["productId"], item["quantity"]) for item in basket(shopper)] == [(plentiful[7], 2)]


def test_down_and_up_again_loses_nothing(compose, shopper, order, plentiful, mails):
    shopper.fill_basket(plentiful[7])
    reaches(shopper, order, "SHIPPED")
    before = [text for text in mails() if shopper.email in text]
    compose.run("down")
    compose.run("up", "--wait")
    reaches(shopper, order, "SHIPPED")
    assert len(basket(shopper)) == 1
    assert [text for text in mails() if shopper.email in text][: len(before)] == before
    assert buys(shopper, plentiful[7])["state"] == "CONFIRMED"


def test_a_container_that_dies_is_started_again_by_the_engine(compose, market):
    before = compose.inspect("catalog")["RestartCount"]
    # A first process does not die of its own SIGKILL; from outside, `docker kill` would be a wish that it stay down.
    compose.inside("catalog", "python", "-c", "import os; os.kill(1, 15)")
    sells(market)
    assert compose.inspect("catalog")["RestartCount"] == before + 1


def test_roles_and_databases_can_be_made_again_as_for_a_service_that_is_new(compose, shopper, plentiful):
    command = ["psql", "--username=postgres", "--quiet", "--set=ON_ERROR_STOP=1"]
    again = compose.inside("postgres", *command, "--file=/docker-entrypoint-initdb.d/roles.sql")
    assert (again.returncode, again.stderr) == (0, "")
    assert buys(shopper, plentiful[6])["state"] == "CONFIRMED"


def test_no_service_enters_the_database_of_another(compose):
    program = (
        "import psycopg, sys; url = open('/run/secrets/database_url').read().strip();"
        "psycopg.connect(url.rsplit('/', 1)[0] + '/orders')"
    )
    tried = compose.inside("catalog", "python", "-c", program)
    assert 'permission denied for database "orders"' in tried.stderr
