import re
from pathlib import Path

from orders.domain.saga import FIRST, TRANSITIONS

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_the_diagram_in_the_readme_shows_the_transitions():
    drawn = set(re.findall(r"^    (\S+) --> (\S+?)(?:: (\w+))?$", README, re.MULTILINE))
    coded = {
        (step.value, following.value if following else "[*]", outcome.value)
        for (step, outcome), following in TRANSITIONS.items()
    }
    assert drawn == coded | {("[*]", FIRST.value, "")}
