import pytest

from tests.system.conftest import MESH
from tests.system.test_bench import bench_lines

ROWS = [
    "time to ready",
    "CPU of product read",
    "CPU of product page in HTML",
    "CPU of order",
    "p50 of product read",
    "p99 of product read",
    "p50 of product page in HTML",
    "p99 of product page in HTML",
    "p50 of order",
    "p99 of order",
    "memory of the whole stack after the load",
]


@pytest.mark.skipif(
    bool(MESH), reason="the benchmark starts two stacks, one with sidecars: a third is too many"
)
def test_the_mesh_benchmark_measures_the_sidecars_and_compares_the_mesh_with_its_budgets():
    lines = bench_lines("--mesh", "--verbose")
    assert [row for row in ROWS if not any(line.startswith(row) for line in lines)] == []
    sidecar = next(line.split() for line in lines if line.startswith("catalog-sidecar"))
    assert float(sidecar[1]) > 0.05  # milliseconds for a read
    assert sum("1.4 x" in line for line in lines) >= 3
