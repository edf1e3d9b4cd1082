import json
import sys
import time

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from training.log import Log, Stopwatch


def steps(folder):
    return [json.loads(line)["step"] for line in (folder / "log.jsonl").read_text().splitlines()]


def curve(folder, name):
    events = EventAccumulator(str(folder))
    events.Reload()
    return [(event.step, pytest.approx(event.value)) for event in events.Scalars(name)]


def test_log_and_tensorboard_have_the_same_curves(tmp_path):
    told = []
    log = Log(tmp_path, 0, told.append)
    log.write(20, {"identity": 6.5, "seconds_step": 0.5})
    log.write(40, {"identity": 5.25, "seconds_step": 0.5})
    log.close()
    assert json.loads((tmp_path / "log.jsonl").read_text().splitlines()[1]) == {
        "step": 40,
        "identity": 5.25,
        "seconds_step": 0.5,
    }
    assert curve(tmp_path, "identity") == [(20, 6.5), (40, 5.25)]
    assert told == []


def test_a_resumed_run_replaces_what_was_written_after_its_state(tmp_path):
    first = Log(tmp_path, 0, print)
    for step in (20, 40, 60):
        first.write(step, {"identity": 1.0})
    first.close()
    again = Log(tmp_path, 40, print)
    again.write(60, {"identity": 2.0})
    again.close()
    assert steps(tmp_path) == [20, 40, 60]
    assert curve(tmp_path, "identity") == [(20, 1.0), (40, 1.0), (60, 2.0)]


def test_a_kill_while_a_line_is_written_does_not_stop_the_next_start(tmp_path):
    (tmp_path / "log.jsonl").write_text('{"step": 20}\n{"step": 4')
    Log(tmp_path, 40, print).write(60, {})
    assert steps(tmp_path) == [20, 60]


def test_without_tensorboard_one_line_says_so_and_the_log_is_written(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    told = []
    log = Log(tmp_path, 0, told.append)
    log.write(20, {})
    log.close()
    assert steps(tmp_path) == [20]
    assert told == ["only log.jsonl is written: TensorBoard is not installed (extra `training`)"]


def test_a_stopwatch_tells_apart_what_took_how_long(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    watch = Stopwatch(torch.device("cpu"))
    for data, step in ((1.0, 10.0), (3.0, 20.0)):
        watch.mark("")
        now[0] += data
        watch.mark("data")
        now[0] += step
        watch.mark("step")
        now[0] += 100  # saved a state
    assert watch.seconds() == {"data": 2.0, "step": 15.0}
    assert watch.seconds() == {}
