"""Password hashes: argon2id, with the parameters that OWASP recommends if memory is scarce."""

import ctypes
import secrets
from threading import Semaphore

import argon2
from argon2.exceptions import VerifyMismatchError

# Each hash needs 19 MiB while it is computed. At most this many are computed at a time; other threads wait.
MAX_CONCURRENT_HASHES = 2
_M_MMAP_THRESHOLD = -3
_ONE_MIB = 1 << 20


class PasswordHasher:
    """Hashes and verifies passwords. Thread-safe."""

    def __init__(self) -> None:
        self._hasher = argon2.PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._slots = Semaphore(MAX_CONCURRENT_HASHES)
        self._decoy = self._hasher.hash(secrets.token_bytes(16))

    def hash(self, password: str) -> str:
        """Return a hash with a new salt. It takes about 30 ms of CPU."""
        with self._slots:
            return self._hasher.hash(_bytes(password))

    def verify(self, password: str, password_hash: str | None) -> bool:
        """Return whether the hash is one of this password.

        If the hash is None, returns False after the same time, so that the time does not reveal which accounts exist.
        """
        try:
            with self._slots:
                self._hasher.verify(password_hash or self._decoy, _bytes(password))
        except VerifyMismatchError:
            return False
        return password_hash is not None

    def needs_rehash(self, password_hash: str) -> bool:
        """Return whether the hash was made with other parameters than the current ones."""
        return self._hasher.check_needs_rehash(password_hash)


def return_large_blocks() -> bool:
    """Make the C library return freed blocks of more than 1 MiB to the system at once.

    Otherwise glibc keeps the memory of password hashes, about 80 MiB after a few concurrent sign-ins. This costs 10 ms
    of CPU per hash. Returns False if the C library has no such setting.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(_M_MMAP_THRESHOLD, _ONE_MIB))


def _bytes(password: str) -> bytes:
    # JSON can contain half of a surrogate pair; that is allowed in a password.
    return password.encode("utf-8", "surrogatepass")
