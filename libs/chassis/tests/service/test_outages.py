from functools import partial

import pytest

from chassis.database import Database
from chassis.testing import eventually
from libs.chassis.tests.service.conftest import make_tables
from libs.chassis.tests.service.servers import connected, own_postgres
from libs.chassis.tests.service.shop import Shop

SOON = 15.0  # seconds


def test_a_service_goes_on_when_the_broker_has_been_away(tables, stall, broker):
    with connected(broker.url) as bus:
        shop = Shop(stall, bus, tables)
        with shop.open():
            for thing in ("tea", "cup"):
                with broker.run():
                    eventually(partial(shop.manages_to_hear, thing), SOON)
                    eventually(partial(shop.has_counted, thing), SOON)
    assert shop.counts() == {"tea": 1, "cup": 1}


@pytest.fixture
def postgres():
    with own_postgres() as server:
        yield server


def test_events_that_come_while_the_database_is_away_take_effect_when_it_is_back(bus, stall, postgres):
    database = Database(postgres.url)
    database.open()
    shop = Shop(stall, bus, database)
    with postgres.run():
        make_tables(database)
    with shop.open():
        shop.hears("tea")
        with postgres.run():
            eventually(partial(shop.has_counted, "tea"), SOON)
            assert shop.counts() == {"tea": 1}
    database.close()
    assert shop.set_aside() == []
