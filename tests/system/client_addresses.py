"""Requests from several client addresses, because the gateway limits sign-ups per address."""

import socket
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

_CANDIDATES = [f"127.0.0.{number}" for number in range(1, 6)]
_MAX_CONNECTIONS = 64
# Retry only requests that the gateway has rate-limited, after the time that it names.
_RETRY = Retry(
    total=None, connect=0, read=0, redirect=0, other=0, status=100,
    status_forcelist=(429,), allowed_methods=None, raise_on_status=False,
)  # fmt: skip


class ClientAddress(HTTPAdapter):
    """Sends requests from one address."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__(max_retries=_RETRY, pool_maxsize=_MAX_CONNECTIONS)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, source_address=(self._address, 0))


def client_addresses() -> list[str]:
    """Return the usable loopback addresses: several on Linux, where all of 127/8 is local."""
    return [address for address in _CANDIDATES if _is_local(address)]


def _is_local(address: str) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
        return True
