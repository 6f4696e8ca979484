import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.conftest import MESH

ROOT = Path(__file__).parents[2]
ROWS = [
    "first `up`, empty folder, to a confirmed order",
    "`up` again, to a confirmed order",
    "memory of the whole stack after the load",
    "CPU of the idle stack, per second",
    "CPU of a bare Flask hello",
    "CPU of a product read, gateway to database",
    "CPU of a product read with traces",
    "CPU of a product page in HTML",
    "CPU of the home page",
    "CPU of a static file",
    "CPU of an order with its cart, to the last email",
    "CPU of an order without filling the cart",
    "CPU of a sign-in",
    "extra CPU for traces: product read",
    "extra CPU for traces: product page",
    "extra CPU for traces: order with its cart",
]


def bench_lines(*arguments):
    """The output of a quick run, by line."""
    command = [sys.executable, "-m", "tools.bench", "--quick", *arguments]
    bench = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert bench.returncode == 0, bench.stderr
    return bench.stdout.splitlines()


@pytest.mark.skipif(bool(MESH), reason="the benchmark starts its own stack, without sidecars")
def test_the_benchmark_measures_everything_that_has_a_budget():
    lines = bench_lines()
    assert [row for row in ROWS if not any(line.startswith(row) for line in lines)] == []
    assert any("1.35 x" in line for line in lines)
