import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from surveil.identities import threads
from surveil.identities.threads import in_order, single_threads


@pytest.mark.parametrize("count", [0, 1, threads.AHEAD - 1, threads.AHEAD, 3 * threads.AHEAD])
@pytest.mark.parametrize("workers", [1, 3])
def test_items_are_made_from_the_same_earlier_results_whatever_the_number_of_threads(count, workers):
    dealt_with = []
    items = ((i, len(dealt_with)) for i in range(count))
    with ThreadPoolExecutor(workers) as pool:
        for (i, _), result in in_order(pool, lambda item: (item, -item[0]), items):
            dealt_with.append(result)
            assert result == ((i, max(0, i - threads.AHEAD + 1)), -i)
    assert len(dealt_with) == count


def test_an_error_is_raised_where_its_result_is_asked_for():
    with ThreadPoolExecutor(2) as pool:
        results = in_order(pool, lambda divisor: 1 / divisor, [1, 2, 0, 3])
        assert [next(results), next(results)] == [(1, 1), (2, 0.5)]
        with pytest.raises(ZeroDivisionError):
            next(results)


def test_in_single_threads_pytorch_starts_no_more_and_elsewhere_as_many_as_before():
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        met = threading.Barrier(3, timeout=60)
        with single_threads() as pool:
            inside = list(pool.map(lambda _: met.wait() * 0 + torch.get_num_threads(), range(3)))
            assert inside == [1, 1, 1]
        assert torch.get_num_threads() == 3
        with ThreadPoolExecutor(1) as later:
            assert later.submit(torch.get_num_threads).result() == 3
    finally:
        torch.set_num_threads(before)
