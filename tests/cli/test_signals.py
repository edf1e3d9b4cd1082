"""In a process of its own, as signals arrive: the libraries that other tests have loaded are not there."""

import signal
import subprocess
import sys

import pytest

ASKED_TO_STOP = """
import os, signal, sys
from surveil.cli.signals import stop_on_signals
number = int(sys.argv[1])
signal.signal(number, signal.SIG_DFL)  # a shell's background job would ignore Ctrl-C
before = signal.getsignal(number)
with stop_on_signals() as stop:
    assert not stop.is_set()
    os.kill(os.getpid(), number)
    assert stop.is_set()
    assert signal.getsignal(number) is before
assert signal.getsignal(number) is before
print("went on", flush=True)
with stop_on_signals() as stop:
    os.kill(os.getpid(), number)
    os.kill(os.getpid(), number)
print("never")
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_asks_for_the_end_and_a_second_one_forces_it(number):
    done = subprocess.run([sys.executable, "-c", ASKED_TO_STOP, str(int(number))], capture_output=True, text=True)
    assert done.stdout == "went on\n"
    assert "stopping; once more to stop at once" in done.stderr
    assert done.returncode == -number
