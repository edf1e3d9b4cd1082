import threading
import time

import pytest

from surveil.ingest.prefetch import prefetch


def test_every_item_comes_in_order():
    with prefetch(range(1000), 4) as items:
        assert list(items) == list(range(1000))


def test_nothing_is_a_result_too():
    with prefetch([None, (), 0], 2) as items:
        assert list(items) == [None, (), 0]
    with prefetch([], 2) as items:
        assert list(items) == []


def test_an_error_comes_after_the_items_before_it():
    def broken():
        yield from (1, 2, 3)
        raise OSError("the disk is gone")

    taken = []
    with pytest.raises(OSError, match="disk is gone"), prefetch(broken(), 8) as items:
        taken.extend(items)
    assert taken == [1, 2, 3]


def test_it_reads_only_so_far_ahead():
    made = []

    def items():
        for number in range(100):
            made.append(number)
            yield number

    with prefetch(items(), 3) as ahead:
        next(ahead)
        time.sleep(0.3)
        assert len(made) <= 1 + 3 + 1


def test_large_items_wait_in_small_numbers():
    made = []

    def items():
        for _ in range(100):
            made.append(1)
            yield bytes(400)

    with prefetch(items(), 50, max_bytes=1000, size_of=len) as fetched:
        next(fetched)
        time.sleep(0.3)
        assert len(made) == 1 + 2 + 1, "one consumed, two that fit, one in the hand"
        assert sum(len(item) for item in fetched) == 99 * 400


def test_an_item_larger_than_the_limit_passes_alone():
    with prefetch([bytes(10)] * 5, 3, max_bytes=1, size_of=len) as fetched:
        assert len(list(fetched)) == 5


@pytest.mark.parametrize("taken", [0, 1, 5])
def test_leaving_early_ends_the_thread(taken):
    before = threading.active_count()
    with prefetch(iter(int, 1), 2) as items:
        for _ in range(taken):
            next(items)
    assert threading.active_count() == before


def test_an_error_of_the_consumer_ends_the_thread():
    before = threading.active_count()
    with pytest.raises(ZeroDivisionError), prefetch(iter(int, 1), 2) as items:
        1 / next(items)
    assert threading.active_count() == before
