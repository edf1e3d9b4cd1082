"""Tables for spreadsheets: every cell comes back as it was, and none of them runs."""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from surveil.formatting import printable
from surveil.spreadsheet import csv_text, flatten

TEXT = st.text(max_size=20)
STARTS = "=+-@\uff1d\uff0b\uff0d\uff20"


def read(text):
    return list(csv.DictReader(io.StringIO(text)))


@given(rows=st.lists(st.fixed_dictionaries({"camera": TEXT, "note": TEXT}), max_size=5))
def test_as_many_rows_and_cells_come_back_whatever_is_in_them(rows):
    found = read(csv_text(rows, ["camera", "note"]))
    assert len(found) == len(rows)
    for cells, row in zip(found, rows, strict=True):
        for name, value in row.items():
            assert cells[name].replace("'", "") == printable(value).replace("'", "")


@example(text='=HYPERLINK("http://x")')
@example(text="a;=1+1")
@example(text=' "=1')
@example(text="\uff1d1+1")
@given(text=st.text(alphabet=st.sampled_from([*STARTS, ";", " ", '"', "'", "1", "a", "\t", "\n"]), max_size=12))
def test_no_cell_begins_as_a_formula_nor_does_a_part_of_one(text):
    [row] = read(csv_text([{"note": text}], ["note"]))
    for part in row["note"].split(";"):
        assert not part.strip(' "\t').startswith(tuple(STARTS)), row["note"]


@pytest.mark.parametrize("text", ["gate", "a-b", "1+1=2", "maria@example.org", "'quoted'", "", "x = 3", "é;ü"])
def test_what_is_no_formula_stays_as_it_is(text):
    [row] = read(csv_text([{"note": text, "other": 1}], ["note", "other"]))
    assert row == {"note": text, "other": "1"}


def test_numbers_stay_numbers_also_below_zero():
    [row] = read(
        csv_text([{"clock_offset": -180.5, "similarity": -1, "none": None}], ["clock_offset", "similarity", "none"])
    )
    assert row == {"clock_offset": "-180.5", "similarity": "-1", "none": ""}


def test_times_paths_and_lists_are_written_plainly():
    row = {"at": datetime(2026, 9, 14, 8, tzinfo=UTC), "path": Path("/f/=a.mp4"), "box": (1.5, 2), "names": ["=a", "b"]}
    [found] = read(csv_text([row], list(row)))
    assert found == {"at": "2026-09-14T08:00:00+00:00", "path": "/f/=a.mp4", "box": "1.5 2", "names": "'=a b"}


def test_nested_objects_become_dotted_columns_and_lists_of_them_are_numbered():
    row = {"a": {"b": {"c": 1}, "d": 2}, "list": [{"x": 1}, {"x": 2}], "plain": [1, 2], "empty": []}
    flat = {"a.b.c": 1, "a.d": 2, "list.0.x": 1, "list.1.x": 2, "plain": [1, 2], "empty": []}
    assert flatten(row) == flat
    [found] = read(csv_text([row], ["list.1.x", "a.b.c", "missing"]))
    assert found == {"list.1.x": "2", "a.b.c": "1", "missing": ""}
