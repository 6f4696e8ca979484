from pathlib import Path

from bank.api import ERROR_MAP
from bank.domain.cards import WELL_KNOWN_CARDS
from chassis.errors import reason_of

README = (Path(__file__).parents[2] / "README.md").read_text()


def test_the_readme_lists_every_test_card():
    for card in WELL_KNOWN_CARDS:
        groups = " ".join(card.number[start : start + 4] for start in range(0, 16, 4))
        assert f"| {groups} | `{card.token}` |" in README


def test_the_readme_lists_every_error_reason():
    assert [reason_of(error) for error in ERROR_MAP if f"`{reason_of(error)}`" not in README] == []
