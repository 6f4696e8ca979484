"""Password hashes: argon2id, with the parameters that OWASP recommends where memory is scarce."""

import secrets
from threading import Semaphore

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

# Each hash being computed holds 19 MiB: so many at once, the others wait for their turn.
AT_ONCE = 2


class Argon2Passwords:
    """Hashes and checks passwords. May be used by several threads."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._turns = Semaphore(AT_ONCE)
        self._nobodys = self._hasher.hash(secrets.token_bytes(16))

    def hashed(self, password: str) -> str:
        """A hash with a salt of its own; some 30 ms of CPU."""
        with self._turns:
            return self._hasher.hash(_bytes(password))

    def fits(self, password: str, password_hash: str | None) -> bool:
        """Whether the hash is one of this password. None fits nothing, which takes as long to find out."""
        try:
            with self._turns:
                self._hasher.verify(password_hash or self._nobodys, _bytes(password))
        except VerifyMismatchError:
            return False
        return password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Whether the hash was made with other parameters than those of today."""
        return self._hasher.check_needs_rehash(password_hash)


def _bytes(password: str) -> bytes:
    # JSON can spell half a character; in a password that is as good as any other.
    return password.encode("utf-8", "surrogatepass")
