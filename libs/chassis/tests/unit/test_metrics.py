import math

import pytest
from prometheus_client import CollectorRegistry, Gauge

from chassis.errors import Unavailable
from chassis.telemetry import watch

SIZES = iter([1, 2])


@pytest.fixture
def registry():
    return CollectorRegistry()


@pytest.fixture
def gauge(registry):
    return Gauge("size", "How large it is.", registry=registry)


def test_a_gauge_is_measured_each_time_somebody_looks(registry, gauge):
    watch(gauge, lambda: next(SIZES))
    assert [registry.get_sample_value("size") for _ in range(2)] == [1, 2]


def test_what_can_not_be_measured_now_is_no_number(registry, gauge):
    def down():
        raise Unavailable("DATABASE_UNAVAILABLE", "Gone.")

    watch(gauge, down)
    assert math.isnan(registry.get_sample_value("size"))
