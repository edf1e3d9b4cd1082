"""Paths as text that any database can store."""

import os
from pathlib import Path

import pytest

from surveil.files import path_text, text_path


@pytest.mark.parametrize("name", [b"/f/gate.mp4", "/f/Süd 入口.mp4".encode(), b"/f/S\xfcd%#?.mp4", b"/f/a\n\\b.mp4"])
def test_a_path_goes_to_text_and_back(name):
    path = Path(os.fsdecode(name))
    text = path_text(path)
    text.encode()
    assert text_path(text) == path
    assert (text == str(path)) == (b"\xfc" not in name)
