import threading

import pytest

from storefront.kept import Kept


class Source:
    """Answers with the number of the question; fails while `broken`. Its clock stands still unless it is moved."""

    def __init__(self):
        self.asked, self.broken, self.now = 0, False, 0.0

    def ask(self):
        self.asked += 1
        if self.broken:
            raise OSError("away")
        return self.asked


@pytest.fixture
def source():
    return Source()


@pytest.fixture
def kept(source):
    return Kept(source.ask, 10, lambda: source.now)


def test_an_answer_is_kept_for_its_time(kept, source):
    assert [kept.get(), kept.get()] == [1, 1]
    source.now = 9.9
    assert kept.get() == 1


def test_after_that_it_is_asked_for_again(kept, source):
    kept.get()
    source.now = 10
    assert kept.get() == 2


def test_an_old_answer_is_better_than_none_and_is_not_asked_for_each_time(kept, source):
    kept.get()
    source.now, source.broken = 10, True
    assert [kept.get(), kept.get()] == [1, 1]
    assert source.asked == 2


def test_without_any_answer_the_error_is_told(kept, source):
    source.broken = True
    with pytest.raises(OSError, match="away"):
        kept.get()
    source.broken = False
    assert kept.get() == 2


def test_what_is_known_can_be_had_without_asking(kept, source):
    assert kept.known() is None
    kept.get()
    source.now = 1000
    assert (kept.known(), source.asked) == (1, 1)


def test_while_one_asks_the_others_take_the_old_answer():
    asking, go_on, now = threading.Event(), threading.Event(), [0.0]

    def ask():
        asking.set()
        assert go_on.wait(5)
        return now[0]

    go_on.set()
    kept = Kept(ask, 10, lambda: now[0])
    assert kept.get() == 0
    asking.clear()
    go_on.clear()
    now[0] = 20
    slow = threading.Thread(target=kept.get)
    slow.start()
    assert asking.wait(5)
    assert kept.get() == 0
    go_on.set()
    slow.join()
    assert kept.get() == 20


def test_those_who_wait_for_the_first_answer_ask_once_together(source):
    kept = Kept(source.ask, 10)
    threads = [threading.Thread(target=kept.get) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert source.asked == 1
