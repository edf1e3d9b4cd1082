"""One network for several threads: who meets in a pass, and what each gets back."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from surveil.runtimes.gathering import Gathering


class Doubling:
    """Gives the inputs twice as large, and their sums; while it is held, the first pass that comes waits."""

    name = "doubling"

    def __init__(self, most=10**6):
        self.most, self.passes = most, []
        self.free, self.is_running = threading.Event(), threading.Event()
        self.free.set()
        self._one_at_a_time = threading.Lock()

    def __call__(self, inputs):
        assert self._one_at_a_time.acquire(blocking=False), "two threads are in the network"
        try:
            self.passes.append(len(inputs))
            self.is_running.set()
            assert self.free.wait(60)
            if len(inputs) > self.most:
                raise torch.OutOfMemoryError("CUDA out of memory")
            if (inputs < 0).any():
                raise ValueError("less than nothing")
            return 2 * inputs, inputs.reshape(len(inputs), -1).sum(axis=1, keepdims=True)
        finally:
            self._one_at_a_time.release()


@pytest.fixture
def pool():
    with ThreadPoolExecutor(8) as pool:
        yield pool


def ask_while_busy(gathering, network, pool, first, *others):
    """Ask for the first, and for the others, one behind the other, while the first is in the network."""
    network.free.clear()
    asked = [pool.submit(gathering, first)]
    assert network.is_running.wait(60)
    for number, inputs in enumerate(others, start=2):
        asked.append(pool.submit(gathering, inputs))
        until = time.monotonic() + 60
        while len(gathering._waiting) < number and time.monotonic() < until:
            time.sleep(0.001)
    network.free.set()
    return asked


def of(value, count, width=3):
    return np.full((count, width), value, np.float32)


def check(asked, *inputs):
    for one, given in zip(asked, inputs, strict=True):
        doubled, sums = one.result(60)
        np.testing.assert_array_equal(doubled, 2 * given)
        np.testing.assert_array_equal(sums, given.sum(axis=1, keepdims=True))


def test_one_thread_gets_what_the_network_says():
    network = Doubling()
    gathering = Gathering(network)
    inputs = [of(1, 2), of(2, 5)]
    for given in inputs:
        doubled, sums = gathering(given)
        np.testing.assert_array_equal(doubled, 2 * given)
        np.testing.assert_array_equal(sums, given.sum(axis=1, keepdims=True))
    assert network.passes == [2, 5]
    assert gathering.name == "doubling"


def test_what_is_asked_during_a_pass_goes_together_into_the_next(pool):
    network = Doubling()
    inputs = [of(1, 4), of(2, 3), of(3, 8), of(4, 1)]
    check(ask_while_busy(Gathering(network), network, pool, *inputs), *inputs)
    assert network.passes == [4, 3 + 8 + 1]


def test_a_pass_holds_one_shape_and_the_oldest_comes_first(pool):
    network = Doubling()
    inputs = [of(1, 1), of(2, 2, width=5), of(3, 4), of(4, 8, width=5), of(5, 16)]
    check(ask_while_busy(Gathering(network), network, pool, *inputs), *inputs)
    assert network.passes == [1, 2 + 8, 4 + 16]


def test_a_pass_is_no_larger_than_allowed_but_what_one_asks_is_not_parted(pool):
    network = Doubling()
    inputs = [of(1, 1), of(2, 3), of(3, 3), of(4, 2), of(5, 9)]
    check(ask_while_busy(Gathering(network, 5), network, pool, *inputs), *inputs)
    assert network.passes == [1, 3 + 2, 3, 9]


def test_one_that_cannot_be_answered_fails_alone(pool):
    network = Doubling()
    inputs = [of(1, 1), of(2, 2), of(-1, 3), of(3, 4)]
    first, before, wrong, behind = ask_while_busy(Gathering(network), network, pool, *inputs)
    check([first, before, behind], inputs[0], inputs[1], inputs[3])
    with pytest.raises(ValueError, match="less than nothing"):
        wrong.result(60)


def test_where_there_is_no_memory_for_all_each_runs_by_itself_and_later_passes_are_smaller(pool):
    network = Doubling(most=4)
    gathering = Gathering(network)
    inputs = [of(1, 2), of(2, 2), of(3, 2), of(4, 2), of(5, 2)]
    check(ask_while_busy(gathering, network, pool, *inputs), *inputs)
    assert network.passes == [2, 8, 2, 2, 2, 2]
    check(ask_while_busy(gathering, network, pool, *inputs), *inputs)
    assert network.passes[6:] == [2, 4, 4], "half of what was too much"


def test_the_memory_that_even_one_lacks_is_told_to_it(pool):
    gathering = Gathering(Doubling(most=1))
    with pytest.raises(torch.OutOfMemoryError):
        gathering(of(1, 2))
    assert gathering(of(1, 1))[0].tolist() == [[2, 2, 2]]


def test_an_interruption_leaves_nobody_waiting(pool):
    """Whoever runs a pass may be interrupted (Ctrl-C): the others' requests are answered by the next one."""
    network = Doubling()
    gathering = Gathering(network)
    interrupted = []

    def once(inputs):
        if len(inputs) > 2 and not interrupted:
            interrupted.append(True)
            raise KeyboardInterrupt
        return network(inputs)

    gathering._runtime = once
    asked = ask_while_busy(gathering, network, pool, of(1, 1), of(2, 2), of(3, 3))
    errors = [one.exception(60) for one in asked]
    assert sum(isinstance(error, KeyboardInterrupt) for error in errors) == 1
    check([one for one, error in zip(asked, errors, strict=True) if error is None][:1], of(1, 1))
    assert gathering(of(4, 1))[0].tolist() == [[8, 8, 8]]


def test_many_threads_get_each_their_own(pool):
    network = Doubling()

    def slowly(inputs):
        time.sleep(0.001)  # the others have their turn
        return network(inputs)

    slowly.name = "slowly"
    gathering = Gathering(slowly, 12)

    def ask(number):
        random = np.random.default_rng(number)
        for _ in range(40):
            given = of(number, int(random.integers(1, 6)), width=int(random.integers(2, 4)))
            doubled, _ = gathering(given)
            np.testing.assert_array_equal(doubled, 2 * given)

    for asked in [pool.submit(ask, number) for number in range(8)]:
        asked.result(120)
    assert len(network.passes) < 320, "nobody ever met"
