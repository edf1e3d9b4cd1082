"""Work that hangs is given up; work that gets on is waited for, however long it takes."""

import threading
import time

import pytest

from surveil.patience import HangsError, run_with_patience


def test_it_gives_what_the_work_gives():
    assert run_with_patience(lambda beat: [1, 2], 5) == [1, 2]


@pytest.mark.parametrize("error", [ValueError("no frame"), KeyboardInterrupt(), SystemExit(3)])
def test_it_raises_what_the_work_raises(error):
    def work(beat):
        raise error

    with pytest.raises(type(error)) as caught:
        run_with_patience(work, 5)
    assert caught.value is error


def test_work_without_a_sign_of_life_is_given_up_and_does_not_hold_the_process():
    released = threading.Event()
    with pytest.raises(HangsError, match=r"no sign of life for 0\.1 s"):
        run_with_patience(lambda beat: released.wait(60), 0.1)
    [left] = [thread for thread in threading.enumerate() if thread.name == "patience"]
    assert left.daemon
    released.set()
    left.join(10)
    assert not left.is_alive()


def test_work_that_gets_on_may_take_longer_than_the_patience():
    def work(beat):
        for _ in range(6):
            time.sleep(0.1)
            beat()
        return "done"

    assert run_with_patience(work, 0.4) == "done"


def test_work_that_stops_to_get_on_is_given_up():
    released = threading.Event()

    def work(beat):
        for _ in range(3):
            beat()
            time.sleep(0.02)
        released.wait(60)

    with pytest.raises(HangsError):
        run_with_patience(work, 0.2)
    released.set()
