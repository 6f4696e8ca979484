import re
from pathlib import Path

from orders.domain.saga import FIRST, transitions

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_the_picture_in_the_readme_shows_the_transitions_of_the_code():
    drawn = set(re.findall(r"^    (\S+) --> (\S+?)(?:: (\w+))?$", README, re.MULTILINE))
    coded = {
        (step.value, following.value if following else "[*]", outcome.value)
        for step, outcome, following in transitions()
    }
    assert drawn == coded | {("[*]", FIRST.value, "")}
