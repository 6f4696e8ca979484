"""A container's health check, because the images have no curl: python -S probe.py [PORT [PATH]].

The defaults are 9000 and /readyz. The exit code is 0 if the response is 200; else it is 1, and stdout has the reason.
It runs every few seconds in every container, so it imports almost nothing: http.client would take five times the CPU.
"""

import socket
import sys

_TIMEOUT_SECONDS = 2.0


def main() -> int:
    """Send one request and return the exit code."""
    port = sys.argv[1] if len(sys.argv) > 1 else "9000"
    path = sys.argv[2] if len(sys.argv) > 2 else "/readyz"
    try:
        response = _get(int(port), path)
    except (OSError, ValueError) as error:
        print(f"no answer: {error}")
        return 1
    head, _, body = response.partition("\r\n\r\n")
    if head.split(" ")[1:2] == ["200"]:
        return 0
    print(body.strip() or head)
    return 1


def _get(port: int, path: str) -> str:
    with socket.create_connection(("127.0.0.1", port), _TIMEOUT_SECONDS) as connection:
        connection.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
        return b"".join(iter(lambda: connection.recv(4096), b"")).decode(errors="replace")


if __name__ == "__main__":
    sys.exit(main())
