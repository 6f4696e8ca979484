import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROWS = [
    "first `up`, empty folder, to a confirmed order",
    "`up` again, to a confirmed order",
    "memory of the whole market after the load",
    "CPU of the idle market, per second",
    "CPU of a bare Flask hello",
    "CPU of a product read, gateway to database",
    "CPU of a product page in HTML",
    "CPU of an order with its basket, to the last mail",
    "CPU of an order without filling the basket",
    "CPU of a sign-in",
    "extra CPU for traces: product read",
    "extra CPU for traces: product page",
    "extra CPU for traces: order with its basket",
]


OF_THE_MESH = [
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


def printed(*arguments):
    """The lines of a quick run."""
    command = [sys.executable, "-m", "bench", "--quick", *arguments]
    bench = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert bench.returncode == 0, bench.stderr
    return bench.stdout.splitlines()


def test_the_benchmark_measures_all_that_has_a_budget():
    lines = printed()
    assert [row for row in ROWS if not any(line.startswith(row) for line in lines)] == []


def test_the_benchmark_of_the_mesh_weighs_the_sidecars_that_work_and_holds_the_mesh_against_its_budgets():
    lines = printed("--mesh", "--verbose")
    assert [row for row in OF_THE_MESH if not any(line.startswith(row) for line in lines)] == []
    catalogs = next(line.split() for line in lines if line.startswith("catalog-sidecar"))
    assert float(catalogs[1]) > 0.05  # milliseconds, for a read
    assert sum("1.6 x" in line for line in lines) == 3
