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


def test_the_benchmark_measures_all_that_has_a_budget():
    bench = subprocess.run(
        [sys.executable, "-m", "bench", "--quick"], cwd=ROOT, capture_output=True, text=True, timeout=600
    )
    assert bench.returncode == 0, bench.stderr
    lines = bench.stdout.splitlines()
    assert [row for row in ROWS if not any(line.startswith(row) for line in lines)] == []
