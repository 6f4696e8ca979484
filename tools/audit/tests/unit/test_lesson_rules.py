from dataclasses import replace
from datetime import timedelta

from tools.audit.tests.unit.fabricated import CONFIRMED, NOW, a_market, findings, with_order


def with_lessons(books=None, **changes):
    books = books or a_market()
    return replace(books, lessons=replace(books.lessons, **changes))


def test_an_order_that_nothing_was_learned_from_is_found():
    books = a_market()
    lessons = books.lessons
    sold = {**lessons.sold, "bowl": lessons.sold["bowl"] - 1, "wok": lessons.sold["wok"] - 1}
    pairs = {pair: number - ("mug" not in pair) for pair, number in lessons.pairs.items()}
    learned = lessons.learned - {"packed"}
    assert findings(with_lessons(sold=sold, pairs=pairs, learned=learned)) == {("recommendations", "packed")}


def test_an_order_that_was_learned_from_and_never_confirmed_is_found():
    found = findings(with_lessons(learned=frozenset({*CONFIRMED, "stray"})))
    assert found == {("recommendations", "stray")}


def test_a_product_that_is_counted_once_too_often_is_found():
    sold = a_market().lessons.sold
    assert findings(with_lessons(sold={**sold, "bowl": sold["bowl"] + 1})) == {("recommendations", "bowl")}


def test_a_product_that_nobody_bought_and_is_counted_is_found():
    sold = a_market().lessons.sold
    assert findings(with_lessons(sold={**sold, "jar": 1})) == {("recommendations", "jar")}


def test_a_pair_that_is_counted_once_too_often_is_found():
    pairs = a_market().lessons.pairs
    books = with_lessons(pairs={**pairs, ("bowl", "wok"): pairs["bowl", "wok"] + 1})
    assert findings(books) == {("recommendations", "bowl + wok")}


def test_an_order_that_the_service_has_forgotten_to_have_learned_from_is_in_order():
    books = with_order(a_market(), "packed", confirm_time=NOW - timedelta(days=15))
    assert findings(with_lessons(books, learned=books.lessons.learned - {"packed"})) == set()
