import pytest

from chassis.errors import Unavailable


def test_without_its_database_a_call_is_answered_and_says_why(run_inventory, free_port):
    with (
        run_inventory(f"postgresql://nobody@127.0.0.1:{free_port()}/inventory") as inventory,
        pytest.raises(Unavailable) as refused,
    ):
        inventory.available("kintsugi-bowl")
    assert refused.value.reason == "DATABASE_UNAVAILABLE"
