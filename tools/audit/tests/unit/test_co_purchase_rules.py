from dataclasses import replace
from datetime import timedelta

from tools.audit.tests.unit.example import CONFIRMED, NOW, example_snapshot, violations, with_order


def with_counts(snapshot=None, **changes):
    snapshot = snapshot or example_snapshot()
    return replace(snapshot, co_purchases=replace(snapshot.co_purchases, **changes))


def test_a_confirmed_order_that_is_not_counted_is_a_violation():
    snapshot = example_snapshot()
    counts = snapshot.co_purchases
    sold = {**counts.sold, "bowl": counts.sold["bowl"] - 1, "wok": counts.sold["wok"] - 1}
    pairs = {pair: number - ("mug" not in pair) for pair, number in counts.pairs.items()}
    learned = counts.learned - {"packed"}
    assert violations(with_counts(sold=sold, pairs=pairs, learned=learned)) == {("recommendations", "packed")}


def test_a_counted_order_that_was_never_confirmed_is_a_violation():
    found = violations(with_counts(learned=frozenset({*CONFIRMED, "stray"})))
    assert found == {("recommendations", "stray")}


def test_a_product_that_is_counted_once_too_often_is_a_violation():
    sold = example_snapshot().co_purchases.sold
    assert violations(with_counts(sold={**sold, "bowl": sold["bowl"] + 1})) == {("recommendations", "bowl")}


def test_a_counted_product_that_was_never_sold_is_a_violation():
    sold = example_snapshot().co_purchases.sold
    assert violations(with_counts(sold={**sold, "jar": 1})) == {("recommendations", "jar")}


def test_a_pair_that_is_counted_once_too_often_is_a_violation():
    pairs = example_snapshot().co_purchases.pairs
    snapshot = with_counts(pairs={**pairs, ("bowl", "wok"): pairs["bowl", "wok"] + 1})
    assert violations(snapshot) == {("recommendations", "bowl + wok")}


def test_an_order_that_the_inbox_has_forgotten_counts_as_learned():
    snapshot = with_order(example_snapshot(), "packed", confirm_time=NOW - timedelta(days=15))
    assert violations(with_counts(snapshot, learned=snapshot.co_purchases.learned - {"packed"})) == set()
