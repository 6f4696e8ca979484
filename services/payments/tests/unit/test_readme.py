import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chassis.errors import reason_of
from payments.domain.payments import Payment, State
from payments.domain.steps import Goal, next_step

README = (Path(__file__).parents[2] / "README.md").read_text()


def documented(state, goal):
    """Return the cell of the table for a state and a goal."""
    payment = Payment("order-1", state, 1, "tok_visa", "auth_1", "CARD_DECLINED", datetime.now(UTC))
    try:
        step = next_step(payment, goal)
    except Exception as error:
        reason = reason_of(type(error))
        return "the bank's reason" if reason == "CARD_DECLINED" else f"`{reason}`"
    return step.value if step else "done"


@pytest.mark.parametrize("state", State)
def test_the_readme_documents_the_state_machine(state):
    row = re.search(rf"^\| `{state}` \| (.*) \|$", README, re.MULTILINE)
    assert row is not None
    assert row[1].split(" | ") == [documented(state, goal) for goal in Goal]
