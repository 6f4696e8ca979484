"""How findings are listed."""

from tools.chaos.findings import Finding, listed


def test_findings_of_a_kind_are_one_line_with_examples_below_the_most_frequent_first():
    findings = [Finding("rare", "here"), *(Finding("frequent", f"place {number}") for number in range(7))]
    assert listed(findings).splitlines() == [
        "7 x frequent", *(f"    place {number}" for number in range(5)), "1 x rare", "    here",
    ]  # fmt: skip
