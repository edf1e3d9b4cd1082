"""docs/library.md: its examples run, one after the other, as a reader would try them."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", (ROOT / "docs" / "library.md").read_text(), re.MULTILINE | re.DOTALL)


def test_the_examples_run(sample_data, tmp_path, monkeypatch, capsys):
    [clip] = (sample_data / "footage").glob("gate_*.mp4")
    (tmp_path / "recordings").mkdir()
    (tmp_path / "recordings" / clip.name).symlink_to(clip)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SURVEIL_DEVICE", "cpu")
    names: dict[str, object] = {}
    for example in EXAMPLES:
        exec(compile(example, "docs/library.md", "exec"), names)
    said = capsys.readouterr().out
    assert re.search(rf"^{clip.name} done [1-9]", said, re.MULTILINE)
    assert "not understood: limping" in said
    assert "no camera is called 'no such camera'" in said
    assert (tmp_path / "alike.png").stat().st_size > 10_000


@pytest.mark.parametrize("name", ["Archive", "SearchRequest", "SearchResult", "open"])
def test_the_library_is_reached_from_the_package(name):
    import surveil
    from surveil import app

    assert getattr(surveil, name) is getattr(app, name)
