"""A container's health check, without curl in the image: python -S probe.py [PORT [PATH]], 9000 and /readyz by default.

Exit code 0 where the answer is 200; else 1, and why on stdout. It is run every few seconds in every container, so it
imports next to nothing: a whole interpreter with http.client would take five times the CPU.
"""

import socket
import sys

_SECONDS = 2.0


def main() -> int:
    """Asks once; gives the exit code."""
    port = sys.argv[1] if len(sys.argv) > 1 else "9000"
    path = sys.argv[2] if len(sys.argv) > 2 else "/readyz"
    try:
        answer = _get(int(port), path)
    except (OSError, ValueError) as error:
        print(f"no answer: {error}")
        return 1
    head, _, body = answer.partition("\r\n\r\n")
    if head.split(" ")[1:2] == ["200"]:
        return 0
    print(body.strip() or head)
    return 1


def _get(port: int, path: str) -> str:
    with socket.create_connection(("127.0.0.1", port), _SECONDS) as connection:
        connection.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
        return b"".join(iter(lambda: connection.recv(4096), b"")).decode(errors="replace")


if __name__ == "__main__":
    sys.exit(main())
