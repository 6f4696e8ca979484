"""Doing faults to a market of stand-ins, with the real servers, and undoing them."""

from concurrent.futures import ThreadPoolExecutor

import psutil
import psycopg
import pytest

from chassis.testing import eventually
from laptop import closing
from laptop.tests.small_market import SmallMarket
from tools.chaos.injection import Injector
from tools.chaos.market import proxies
from tools.chaos.schedule import Fault, Kind

PATIENCE = 30.0  # seconds


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """A market and its supervisord."""
    small = SmallMarket(tmp_path_factory.mktemp("chaos") / "small market")
    small.up()
    market, control = closing.required(small.home)
    yield market, control
    control.close()
    small.run("reset", "--yes")


@pytest.fixture
def market(running):
    return running[0]


@pytest.fixture
def process(running):
    """Finds the process of a program."""
    _, control = running
    return lambda name: psutil.Process(next(one.pid for one in control.processes() if one.name == name))


@pytest.fixture
def injector(market):
    with proxies(market) as between:
        yield Injector(market, between)


def is_frozen(process):
    return process.status() == psutil.STATUS_STOPPED


def answers(market):
    try:
        psycopg.connect(market.database_url("postgres", "postgres"), connect_timeout=1).close()
    except psycopg.Error:
        return False
    return True


@pytest.mark.parametrize("name", ["catalog", "notifications", "gateway", "postgres"])
def test_who_is_killed_is_back_when_the_fault_is_over(injector, process, name):
    before = process(name)
    injector.inflict(Fault(0, 0.2, Kind.KILL, name))
    assert not before.is_running()
    assert process(name).is_running()
    assert injector.findings == []


def test_the_database_answers_again_when_the_death_of_a_backend_is_over(injector, market):
    with psycopg.connect(market.database_url("postgres", "postgres")) as connection:
        injector.inflict(Fault(0, 0.2, Kind.KILL_BACKEND, "postgres"))
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    assert answers(market)


@pytest.mark.parametrize("name", ["catalog", "postgres"])
def test_who_is_frozen_goes_on_when_the_fault_is_over(injector, process, name):
    injector.inflict(Fault(0, 0.2, Kind.STOP, name))
    assert not is_frozen(process(name))


def test_a_fault_at_a_target_that_is_not_back_yet_waits(injector):
    faults = [Fault(0, 0.2, Kind.KILL, "bank"), Fault(0, 0.2, Kind.STOP, "bank")]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(injector.inflict, faults))
    first, second = injector.journal.forces
    assert second.begun >= first.ended


def test_a_fault_in_force_is_in_the_journal_and_ends_at_once_when_all_is_given_up(injector, process):
    victim = process("catalog")
    fault = Fault(0, 600.0, Kind.STOP, "catalog")
    with ThreadPoolExecutor(1) as pool:
        inflicted = pool.submit(injector.inflict, fault)
        eventually(lambda: is_frozen(victim), PATIENCE)
        assert injector.journal.now() == [fault]
        injector.give_up()
        inflicted.result(PATIENCE)
    assert injector.journal.now() == []
    assert not is_frozen(victim)
