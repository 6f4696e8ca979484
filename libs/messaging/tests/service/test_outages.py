from functools import partial

from chassis.postgres import Database
from libs.messaging.tests.service.example_service import ExampleService, create_tables
from tests.support.nats import connected
from tests.support.waiting import wait_until

RECOVERY_TIMEOUT = 15.0  # seconds


def test_a_service_resumes_after_outages_of_nats(database, service_name, nats_server):
    with connected(nats_server.url) as nats:
        service = ExampleService(service_name, nats, database)
        with service.running():
            for name in ("tea", "cup"):
                with nats_server.run():
                    wait_until(partial(service.try_send, name), RECOVERY_TIMEOUT)
                    wait_until(partial(service.has_counted, name), RECOVERY_TIMEOUT)
    assert service.counts() == {"tea": 1, "cup": 1}


def test_events_that_arrive_during_an_outage_of_the_database_take_effect_after_it(
    nats, service_name, postgres_server
):
    database = Database(postgres_server.url)
    database.open()
    service = ExampleService(service_name, nats, database)
    with postgres_server.run():
        create_tables(database)
    with service.running():
        service.send("tea")
        with postgres_server.run():
            wait_until(partial(service.has_counted, "tea"), RECOVERY_TIMEOUT)
            assert service.counts() == {"tea": 1}
    database.close()
    assert service.dead_letters() == []
