"""A fake of any service: ready at once, and with a key that the gateway can load to validate tokens.

Run it as ``python -m NAME`` from a folder that has a copy of this file under each service's name.
"""

from __future__ import annotations

import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEYS = b"""{"keys": [{"kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "fake",
"x": "jMOPPwNRTCWydtL031pFrBCp4mv4wE2o3iMmFv-wu2g", "y": "0bq5eUBzvtB2eBjK8EXmg19qXe6PlxBYupklBcA47PE"}]}"""


class Ready(BaseHTTPRequestHandler):
    """Answers every request with the keys. The gateway wants them from accounts; other callers ignore the body."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(KEYS)))
        self.end_headers()
        self.wfile.write(KEYS)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


class Server(ThreadingHTTPServer):
    """Shares its port with a standby instance."""

    allow_reuse_port = True


servers = [
    Server((os.environ["HOST"], int(os.environ[name])), Ready)
    for name in ("PORT", "ADMIN_PORT")
    if name in os.environ
]
for server in servers:
    threading.Thread(target=server.serve_forever, daemon=True).start()
print("started", flush=True)
threading.Event().wait()
