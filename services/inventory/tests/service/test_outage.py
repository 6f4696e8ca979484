import pytest

from chassis.errors import Unavailable


def test_without_a_database_calls_fail_with_the_reason(run_inventory, free_port):
    with (
        run_inventory(f"postgresql://unknown@127.0.0.1:{free_port()}/inventory") as inventory,
        pytest.raises(Unavailable) as error,
    ):
        inventory.available("kintsugi-bowl")
    assert error.value.reason == "DATABASE_UNAVAILABLE"
