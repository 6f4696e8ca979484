import pytest

from tests.system.conftest import MESH
from tests.system.test_bench import printed

ROWS = [
    "time to ready",
    "CPU of a product read",
    "CPU of a product page in HTML",
    "CPU of an order",
    "p50 of a product read",
    "p99 of a product read",
    "p50 of a product page in HTML",
    "p99 of a product page in HTML",
    "p50 of an order",
    "p99 of an order",
    "memory of the whole market after the load",
]


@pytest.mark.skipif(bool(MESH), reason="it opens a market with sidecars itself, and there is room for one")
def test_the_benchmark_of_the_mesh_weighs_the_sidecars_that_work_and_holds_the_mesh_against_its_budgets():
    lines = printed("--mesh", "--verbose")
    assert [row for row in ROWS if not any(line.startswith(row) for line in lines)] == []
    catalogs = next(line.split() for line in lines if line.startswith("catalog-sidecar"))
    assert float(catalogs[1]) > 0.05  # milliseconds, for a read
    assert sum("1.6 x" in line for line in lines) == 3
