"""The memory of password hashes, measured in a separate process, which allocates nothing else."""

import ctypes
import json
import subprocess
import sys

import pytest

HASHES_IN_PARALLEL = """
import json, pathlib
from concurrent.futures import ThreadPoolExecutor
from accounts.passwords import PasswordHasher, return_large_blocks

def mib(what):
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.split(what + ":")[1].split()[0]) >> 10

assert return_large_blocks()
hasher = PasswordHasher()
before = mib("VmRSS")
with ThreadPoolExecutor(8) as threads:
    list(threads.map(hasher.hash, ["lantern light"] * 8))
print(json.dumps({"stored_ids": mib("VmRSS") - before, "peak": mib("VmHWM") - before}))
"""


@pytest.fixture(scope="module")
def memory():
    """Return how many MiB eight concurrent hashes need at the peak, and how many stay allocated."""
    if not hasattr(ctypes.CDLL(None), "mallopt"):
        pytest.skip("the C library is not glibc")
    done = subprocess.run(
        [sys.executable, "-c", HASHES_IN_PARALLEL], capture_output=True, text=True, check=True, timeout=60
    )
    return json.loads(done.stdout)


def test_the_memory_of_password_hashes_is_returned(memory):
    assert memory["stored_ids"] < 10


def test_at_most_two_passwords_are_hashed_at_a_time(memory):
    assert 19 <= memory["peak"] < 50
