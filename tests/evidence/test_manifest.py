"""The manifest of a package: every file, and always the same bytes for the same files."""

import hashlib
import json

from surveil.evidence.manifest import FORMAT, file_sha256, manifest_of


def test_every_file_stands_in_it_with_size_and_hash(tmp_path):
    (tmp_path / "exhibit_01").mkdir()
    contents = {"report.html": b"<p>", "exhibit_01/original.mp4": b"\0" * 3_000_000, "exhibit_01/zoë.jpg": b""}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        assert file_sha256(tmp_path / name) == hashlib.sha256(content).hexdigest()
    found = json.loads(manifest_of(tmp_path, "ab" * 32, {"case": "Diebstahl"}))
    assert found["format"] == FORMAT
    assert found["key_fingerprint"] == "ab" * 32
    assert found["case"] == "Diebstahl"
    assert found["files"] == {
        name: {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in contents.items()
    }


def test_the_same_files_give_the_same_bytes_whatever_the_order(tmp_path):
    made = []
    for folder, names in ((tmp_path / "one", "abc"), (tmp_path / "two", "cab")):
        folder.mkdir()
        for name in names:
            (folder / name).write_text(name)
        made.append(manifest_of(folder, "key", {"made_by": "maria", "case": "é"}))
    assert made[0] == made[1]
    assert made[0].endswith(b"}\n")
    assert "é".encode() in made[0]


def test_facts_cannot_take_the_place_of_the_files(tmp_path):
    (tmp_path / "a").write_text("a")
    assert set(json.loads(manifest_of(tmp_path, "key", {"files": {}}))["files"]) == {"a"}
