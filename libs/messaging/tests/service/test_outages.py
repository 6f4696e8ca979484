from functools import partial

import pytest

from chassis.postgres import Database
from libs.messaging.tests.service.conftest import make_tables
from libs.messaging.tests.service.shop import Shop
from tests.support.servers import connected, own_postgres
from tests.support.waiting import wait_until

SOON = 15.0  # seconds


def test_a_service_goes_on_when_the_broker_has_been_away(tables, name, broker):
    with connected(broker.url) as nats:
        shop = Shop(name, nats, tables)
        with shop.open():
            for thing in ("tea", "cup"):
                with broker.run():
                    wait_until(partial(shop.manages_to_hear, thing), SOON)
                    wait_until(partial(shop.has_counted, thing), SOON)
    assert shop.counts() == {"tea": 1, "cup": 1}


@pytest.fixture
def postgres():
    with own_postgres() as server:
        yield server


def test_events_that_come_while_the_database_is_away_take_effect_when_it_is_back(nats, name, postgres):
    database = Database(postgres.url)
    database.open()
    shop = Shop(name, nats, database)
    with postgres.run():
        make_tables(database)
    with shop.open():
        shop.hears("tea")
        with postgres.run():
            wait_until(partial(shop.has_counted, "tea"), SOON)
            assert shop.counts() == {"tea": 1}
    database.close()
    assert shop.set_aside() == []
