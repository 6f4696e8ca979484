import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.conftest import MESH

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


def printed(*arguments):
    """The lines of a quick run."""
    command = [sys.executable, "-m", "tools.bench", "--quick", *arguments]
    bench = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert bench.returncode == 0, bench.stderr
    return bench.stdout.splitlines()


@pytest.mark.skipif(
    bool(MESH), reason="its budgets are those of a market without sidecars, which it opens itself"
)
def test_the_benchmark_measures_all_that_has_a_budget():
    lines = printed()
    assert [row for row in ROWS if not any(line.startswith(row) for line in lines)] == []
