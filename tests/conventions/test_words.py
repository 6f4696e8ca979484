"""What no file may say: work that is put off, and addresses that hold for one machine or one company only."""

from __future__ import annotations

import re

from tests.conventions.repository import files, relative

# Each is written so that this file does not say it itself.
FORBIDDEN = [
    r"\bTO" + r"DO\b",
    r"\bFIX" + r"ME\b",
    r"\bXX" + r"X\b",
    r"pypi\." + r"org",
    r"python" + r"hosted\.org",
    r"(^|[\s\"'=(])/(work|home|root|Users)/" + r"\w",
    r"time\.sleep\((\d\d|[1-9])",
]
TEXT = (
    ".py",
    ".sh",
    ".sql",
    ".proto",
    ".yaml",
    ".yml",
    ".html",
    ".css",
    ".js",
    ".toml",
    ".md",
    ".txt",
    "Makefile",
    "run",
)


def test_no_file_says_what_is_forbidden() -> None:
    pattern = re.compile("|".join(FORBIDDEN))
    found = [
        f"{relative(path)}:{number}: {line.strip()[:80]}"
        for path in files(*TEXT)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if pattern.search(line)
    ]
    assert found == []
