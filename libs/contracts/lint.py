"""Check the .proto files with `buf lint` and the rules of proto/buf.yaml. This needs no network.

Usage: python libs/contracts/lint.py
"""

import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from generate import PROTO, descriptor_set


def lint() -> int:
    """Run buf, which prints its findings, and return its exit code."""
    buf = Path(sysconfig.get_path("scripts"), "buf")
    with tempfile.TemporaryDirectory() as folder:
        # Without an image, buf would download the imported files from its registry.
        image = Path(folder, "image.binpb")
        image.write_bytes(descriptor_set(with_comments=True).SerializeToString())
        command: list[str | Path] = [
            buf,
            "lint",
            image,
            "--config",
            PROTO / "buf.yaml",
            "--path",
            "nightmarket",
        ]
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(lint())
