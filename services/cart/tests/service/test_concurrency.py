from concurrent.futures import ThreadPoolExecutor

BOWL, CAT = "kintsugi-bowl", "lucky-cat"


def test_concurrent_edits_of_two_tabs_all_take_effect(buyer, run_cart, another):
    with run_cart() as second_process, ThreadPoolExecutor(50) as threads:
        tabs = [buyer, another(second_process, buyer.account_id)]
        adds = [(tab, product) for tab in tabs for product in (BOWL, CAT) for _ in range(13)]
        list(threads.map(lambda add: add[0].add(add[1]), adds))
    assert buyer.contents() == {BOWL: 26, CAT: 26}


def test_a_product_that_is_added_while_an_order_is_removed_stays(buyer):
    buyer.add(BOWL, 40)
    with ThreadPoolExecutor(20) as threads:
        bought = [
            threads.submit(buyer.remove_bought, f"order-{turn % 10}", **{BOWL: 4}) for turn in range(20)
        ]
        added = [threads.submit(buyer.add, CAT) for _ in range(20)]
        assert all(task.result() for task in added)
        assert not any(task.exception() for task in bought)
    assert buyer.contents() == {CAT: 20}
