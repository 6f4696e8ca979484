import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chassis.errors import reason_of
from payments.domain.payments import Payment, State
from payments.domain.steps import Goal, next_step

README = (Path(__file__).parents[2] / "README.md").read_text()


def told(state, goal):
    payment = Payment("order-1", state, 1, "tok_visa", "auth_1", "CARD_DECLINED", datetime.now(UTC))
    try:
        step = next_step(payment, goal)
    except Exception as refused:
        reason = reason_of(type(refused))
        return "the bank's reason" if reason == "CARD_DECLINED" else f"`{reason}`"
    return step.value if step else "done"


@pytest.mark.parametrize("state", State)
def test_the_readme_draws_the_state_machine_as_it_is(state):
    row = re.search(rf"^\| `{state}` \| (.*) \|$", README, re.MULTILINE)
    assert row is not None
    assert row[1].split(" | ") == [told(state, goal) for goal in Goal]
