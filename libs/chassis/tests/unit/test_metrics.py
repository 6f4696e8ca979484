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
    return Gauge("size", "A size.", registry=registry)


def test_a_gauge_is_measured_at_scrape_time(registry, gauge):
    watch(gauge, lambda: next(SIZES))
    assert [registry.get_sample_value("size") for _ in range(2)] == [1, 2]


def test_a_gauge_that_cannot_be_measured_is_nan(registry, gauge):
    def unavailable():
        raise Unavailable("DATABASE_UNAVAILABLE", "Down.")

    watch(gauge, unavailable)
    assert math.isnan(registry.get_sample_value("size"))
