"""Memory is looked at in a process of its own, where nothing else takes or frees any."""

import ctypes
import json
import subprocess
import sys

import pytest

HASHES_IN_PARALLEL = """
import json, pathlib
from concurrent.futures import ThreadPoolExecutor
from accounts.memory import return_large_blocks
from accounts.passwords import Argon2Passwords

def mib(what):
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.split(what + ":")[1].split()[0]) >> 10

assert return_large_blocks()
passwords = Argon2Passwords()
before = mib("VmRSS")
with ThreadPoolExecutor(8) as people:
    list(people.map(passwords.hashed, ["lantern light"] * 8))
print(json.dumps({"kept": mib("VmRSS") - before, "peak": mib("VmHWM") - before}))
"""


@pytest.fixture(scope="module")
def taken():
    """How many MiB eight people who sign in together take: at the peak, and for good."""
    if not hasattr(ctypes.CDLL(None), "mallopt"):
        pytest.skip("the C library is not glibc")
    done = subprocess.run(
        [sys.executable, "-c", HASHES_IN_PARALLEL], capture_output=True, text=True, check=True, timeout=60
    )
    return json.loads(done.stdout)


def test_the_memory_of_password_hashes_is_given_back(taken):
    assert taken["kept"] < 10


def test_two_passwords_are_hashed_at_once_the_others_wait(taken):
    assert 19 <= taken["peak"] < 50
