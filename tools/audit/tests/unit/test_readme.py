import re
from pathlib import Path

from tools.audit.rules import RULES

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_the_readme_explains_every_rule_in_the_order_of_the_table():
    explained = README.partition("## What is compared")[2].partition("## Consistency")[0]
    assert re.findall(r"^\| `([^`]+)` \|", explained, re.MULTILINE) == [rule.name for rule in RULES]
