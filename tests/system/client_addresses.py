"""Ways into the market: the gateway limits sign-ups by address, and this machine may have many of them."""

import socket
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

_CANDIDATES = [f"127.0.0.{number}" for number in range(1, 6)]
_AT_ONCE = 64
# Nothing is asked twice but what the gateway has turned away, when it says that one may come back.
_PATIENCE = Retry(
    total=None, connect=0, read=0, redirect=0, other=0, status=100,
    status_forcelist=(429,), allowed_methods=None, raise_on_status=False,
)  # fmt: skip


class ClientAddress(HTTPAdapter):
    """Knocks from one address."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__(max_retries=_PATIENCE, pool_maxsize=_AT_ONCE)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, source_address=(self._address, 0))


def addresses() -> list[str]:
    """The addresses on loopback; more than one on Linux, where all of 127/8 is there."""
    return [address for address in _CANDIDATES if _is_ours(address)]


def _is_ours(address: str) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
        return True
