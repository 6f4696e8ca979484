"""Banned text: postponed work, addresses of one machine or company, and words that have a standard term instead."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from tests.conventions.repository import files, relative

# Each pattern is split so that this file does not match it.
FORBIDDEN = [
    r"\bTO" + r"DO\b",
    r"\bFIX" + r"ME\b",
    r"\bXX" + r"X\b",
    r"pypi\." + r"org",
    r"python" + r"hosted\.org",
    r"(^|[\s\"'=(])/(work|home|root|Users)/" + r"\w",
    r"time\.sleep\((\d\d|[1-9])",
]

# The standard term of each banned word. Words are compared in lower case; identifiers are split at underscores and at
# capital letters, so `clearBasket` and `BASKET_SIZE` both contain "basket".
STANDARD = {
    "cart": "basket baskets",
    "category": "stall stalls",
    "product": "goods",
    "unit or quantity": "pieces",
    "email": "mails",
    "shipment": "parcel parcels consignment consignments withhold withholds withheld withholding",
    "checkout": "till",
    "timeout or grace period": "patience",
    "standby": "relief",
    "ephemeral": "throwaway",
    "agent": "keeper keepers",
    "address override": "detour detours",
    "unauthorized caller": "stranger strangers",
    "inject": "torment torments tormented inflict inflicts inflicted",
    "verification": "reckoning reckon judging judge judges",
    "users": "crowd",
    "random number generator or probability": "luck",
    "snapshot": "books",
    "baseline": "yardstick yardsticks weigh weighs weighed",
    "purchase": "errand errands",
    "crash plan": "fate fates doom doomed",
    "upstream, caller or fake": "neighbour neighbours neighbor neighbors",
    "conventions or layout": "furniture furnish furnished furnishes",
    "payment service": "cashier",
    "fault or outage": "ill illness unwell",
    "bank faults": "trouble troubles",
    "rejection or error": "refusal refusals refuses",
    "compensated": "undone",
    "the person or component": "nobody somebody everybody anybody whoever whom whomever thereof",
    "again": "anew",
    "actions": "doings",
}
BANNED = {word: term for term, words in STANDARD.items() for word in words.split()}
PREFIXES = re.compile(r"\b_?(LONGEST|SHORTEST|LARGEST|SMALLEST|MOST|FEWEST)_[A-Z]")

CODE = (
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
    ".txt",
    "Makefile",
    "Dockerfile",
    "run",
)
TEXT = (*CODE, ".md")
# Files that must contain a banned word, with the reason.
EXEMPT = {
    "tests/conventions/test_words.py": "holds the list",
    "docs/glossary.md": "may explain a former name",
    "laptop/processes.py": "names the operating system's unprivileged user",
    **{
        f"services/{service}/tests/service/test_migrations.py": "fills the former tables"
        for service in ("notifications", "orders", "shipping")
    },
}
EXEMPT_FOLDERS = {
    "migrations": "an applied migration never changes, and a rename names the former table",
    "seed": "product data",
}
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def lines() -> list[tuple[Path, int, str]]:
    """Return every line of every text file, with its file and number."""
    return [
        (path, number, line)
        for path in files(*TEXT)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
    ]


def banned_words(line: str) -> set[str]:
    """Return the banned words of a line."""
    return {word.lower() for word in WORD.findall(line)} & BANNED.keys()


def is_exempt(path: Path) -> bool:
    """Return whether a file may contain banned words."""
    return relative(path) in EXEMPT or bool(EXEMPT_FOLDERS.keys() & set(path.parts))


def test_no_file_contains_forbidden_text() -> None:
    pattern = re.compile("|".join(FORBIDDEN))
    found = [
        f"{relative(path)}:{number}: {line.strip()[:80]}"
        for path, number, line in lines()
        if pattern.search(line)
    ]
    assert found == []


def test_every_word_is_the_standard_term() -> None:
    found = [
        f"{relative(path)}:{number}: {word}, use: {BANNED[word]}"
        for path, number, line in lines()
        if not is_exempt(path)
        for word in sorted(banned_words(line))
    ]
    assert found == []


def test_limits_are_named_max_and_min() -> None:
    found = [
        f"{relative(path)}:{number}: {line.strip()[:80]}"
        for path, number, line in lines()
        if PREFIXES.search(line)
    ]
    assert [place for place in found if not place.startswith("tests/conventions/test_words.py")] == []


def test_file_names_use_standard_terms() -> None:
    found = [
        relative(path)
        for path in files()
        if not is_exempt(path) and banned_words(str(path.relative_to(path.anchor)))
    ]
    assert found == []


def test_identifiers_are_split_into_words() -> None:
    counts = Counter(
        word for line in ("clearBasket", "BASKET_SIZE", "old-basket.yaml") for word in banned_words(line)
    )
    assert counts == {"basket": 3}
