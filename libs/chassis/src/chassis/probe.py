"""Whether the service in this container is ready: python -m chassis.probe asks its /readyz on ADMIN_PORT.

Exit code 0: it is; 1: it is not, with the reason on stdout. A container's health check, without curl in the image.
"""

import http.client
import sys
from dataclasses import dataclass
from typing import ClassVar

from chassis.config import ServiceConfig, load

_SECONDS = 2.0


@dataclass(frozen=True, kw_only=True)
class Config(ServiceConfig):
    """What probing takes from the environment."""

    service: ClassVar[str] = "probe"


def main() -> int:
    """Asks once; gives the exit code."""
    connection = http.client.HTTPConnection("127.0.0.1", load(Config).admin_port, timeout=_SECONDS)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        print(answer.read().decode(errors="replace").strip())
        return 0 if answer.status == 200 else 1
    except (OSError, http.client.HTTPException) as error:
        print(f"not ready: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
