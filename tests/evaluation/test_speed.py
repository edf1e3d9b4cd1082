"""Speeds side by side; nothing here depends on how fast the machine is."""

import numpy as np

from surveil.evaluation.output.tables import speed_table
from surveil.evaluation.speed import Speed, measure_speeds


def test_models_take_turns_on_the_same_crops():
    calls = []
    crops = [np.zeros((4, 4, 3), np.uint8)] * 3

    def model(name):
        return lambda given: calls.append((name, given is crops))

    speeds = measure_speeds({"a": model("a"), "b": model("b")}, crops, rounds=2)
    assert calls == [("a", True), ("b", True)] * 3, "one round does not count"
    assert [speed.model for speed in speeds] == ["a", "b"]
    assert all(speed.crops_per_second > 0 and speed.cpu_milliseconds >= 0 for speed in speeds)


def test_figures_are_medians_over_the_rounds_that_count(monkeypatch):
    """A made-up clock: rounds of 9 (not counted), 2, 4 and 3 seconds by the wall, twice that by the processor."""
    moments = iter(np.cumsum([0, 9, 0, 2, 0, 4, 0, 3]).tolist())
    processor = iter(np.cumsum([0, 18, 0, 4, 0, 8, 0, 6]).tolist())
    monkeypatch.setattr("surveil.evaluation.speed.time.perf_counter", lambda: next(moments))
    monkeypatch.setattr("surveil.evaluation.speed.time.process_time", lambda: next(processor))
    crops = [np.zeros((4, 4, 3), np.uint8)] * 60
    assert measure_speeds({"a": lambda _: None}, crops, rounds=3) == [Speed("a", 20, 100)]


def test_the_table_compares_with_the_first():
    table = speed_table([Speed("ours", 200, 10), Speed("peer", 50, 30)])
    assert table.rows == (("ours", "200", "10.0", "1.00", "1.00"), ("peer", "50", "30.0", "0.25", "0.33"))
