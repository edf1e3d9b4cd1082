"""A package of evidence from a case: what is in it, and that whatever is done to it shows."""

import contextlib
import io
import json
import re
import shutil
import stat
import zipfile

import cv2
import numpy as np
import pytest

from surveil.app import evidence_key, verify_evidence
from surveil.errors import QueryError, StoreError, SurveilError
from surveil.footage.moments import frames_between
from surveil.types import Detections


@pytest.fixture
def database_url(seldom_database_url):
    return seldom_database_url


@pytest.fixture
def package(archive, case, tmp_path):
    """The case, exported."""
    out = tmp_path / "theft.zip"
    archive.cases.export(case, out, "maria", reason="request 7")
    return out


def contents(path):
    with zipfile.ZipFile(path) as package:
        return {name: package.read(name) for name in package.namelist()}


def rewritten(path, files):
    with zipfile.ZipFile(path, "w") as package:
        for name, content in files.items():
            package.writestr(zipfile.ZipInfo(name), content)
    return path


def test_a_package_is_whole_and_says_who_made_it(package, archive, case):
    verified = verify_evidence(package, evidence_key())
    assert verified.problems == ()
    assert (verified.case, verified.made_by, verified.key_fingerprint) == (case, "maria", evidence_key())
    assert verified.files == len(contents(package)) - 3
    key = package.parent / "data" / "surveil" / "evidence_key.pem"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_the_films_are_the_footage(package, footage, tmp_path):
    files = contents(package)
    (tmp_path / "original.mp4").write_bytes(files["exhibit_01/original.mp4"])
    (tmp_path / "excerpt.mp4").write_bytes(files["exhibit_01/excerpt.mp4"])
    facts = json.loads(files["case.json"])["exhibits"][0]["files"]
    originals = list(frames_between(footage, 6, 11))
    copied = {
        round(frame.seconds + facts["segment_begin"], 3): frame.image
        for frame in frames_between(tmp_path / "original.mp4", 0, 99)
    }
    assert all(np.array_equal(copied[round(frame.seconds, 3)], frame.image) for frame in originals)
    excerpt = list(frames_between(tmp_path / "excerpt.mp4", 0, 99))
    assert len(excerpt) == len(originals)
    assert abs(excerpt[9].image.astype(int) - originals[9].image).mean() < 5


def test_the_report_says_what_is_known_and_what_is_not(package):
    files = contents(package)
    page = files["report.html"].decode()
    assert "2026-09-14 10:13:16 CEST (UTC+0200), 2026-09-14 08:13:16 UTC" in page, "6 s after the start, 3 min back"
    for words in (
        "-180 s were added",
        "made-up model",
        "It was made up.",
        "It identifies nobody",
        "request 7",
        "maria",
    ):
        assert words in page
    assert "1.000" in page, "the two look the same"
    assert "&gt;99%" in page or "99%" in page
    assert page.count("data:image/jpeg;base64,") == 2
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "yard &lt;b&gt;1.mp4" in page
    assert re.findall(r'(?:href|src)="(?!data:|exhibit_)', page) == [], "it needs no other file or host"
    exhibits = json.loads(files["case.json"])["exhibits"]
    assert exhibits[0]["sighting"]["scores"] == [
        {"exhibit": 2, "similarity": pytest.approx(1, abs=0.001), "probability": pytest.approx(0.993, abs=0.001)}
    ]
    assert exhibits[2]["sighting"] is None


def test_every_change_to_any_file_shows(package, tmp_path):
    files = contents(package)
    for name in files:
        for content in (b"", files[name][:-1], files[name][:-1] + bytes([files[name][-1] ^ 1]), files[name] + b"\n"):
            if name == "public_key.pem" and content.strip() == files[name].strip():
                continue  # the same key
            assert verify_evidence(rewritten(tmp_path / "x.zip", files | {name: content})).problems, name
        rest = {other: content for other, content in files.items() if other != name}
        problems = verify_evidence(rewritten(tmp_path / "x.zip", rest)).problems
        assert problems == (f"{name}: missing",)
    problems = verify_evidence(rewritten(tmp_path / "x.zip", files | {"exhibit_01/more.jpg": b"x"})).problems
    assert problems == ("exhibit_01/more.jpg: not in the manifest",)


def test_another_key_shows_by_its_fingerprint(package, archive, case, tmp_path):
    first = evidence_key()
    (tmp_path / "data" / "surveil" / "evidence_key.pem").unlink()
    archive.cases.export(case, tmp_path / "other.zip", "maria")
    assert verify_evidence(tmp_path / "other.zip").problems == (), "it is whole"
    [problem] = verify_evidence(tmp_path / "other.zip", first).problems
    assert evidence_key() in problem
    files = contents(package) | {"public_key.pem": contents(tmp_path / "other.zip")["public_key.pem"]}
    assert verify_evidence(rewritten(tmp_path / "x.zip", files)).problems == (
        "manifest.json: the signature does not fit",
    )
    spaced = ":".join(first[i : i + 2] for i in range(0, 64, 2)).upper()
    assert verify_evidence(package, spaced).problems == ()


NAMES = ("../e", "/etc/e", "a/../e", "a\\..\\e", "C:e", "a//b", "./a", "folder/", "a\nb", "REPORT.html")


def test_names_that_lead_elsewhere_or_mean_two_files_show(package, tmp_path):
    for name in NAMES:
        problems = verify_evidence(rewritten(tmp_path / "x.zip", contents(package) | {name: b""})).problems
        assert problems, name
        assert not any("not in the manifest" in problem for problem in problems)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_what_a_zip_can_hide_shows(package, tmp_path):
    files = contents(package)
    twice = tmp_path / "twice.zip"
    shutil.copy(package, twice)
    with zipfile.ZipFile(twice, "a") as changed:
        changed.writestr("report.html", "another report")
    assert any("2 files of this name" in problem for problem in verify_evidence(twice).problems)

    whole = package.read_bytes()
    hidden = io.BytesIO()
    with zipfile.ZipFile(hidden, "w") as inner:
        inner.writestr("report.html", "another report")
    for content in (b"#!/bin/sh\n" + whole, whole + hidden.getvalue(), whole + b"junk", whole[:-2] + b"\x04\x00evil"):
        path = tmp_path / "hidden.zip"
        path.write_bytes(content)
        with contextlib.suppress(SurveilError):  # then it is not read as a package at all
            assert verify_evidence(path).problems
    link = zipfile.ZipInfo("exhibit_01/crop_1.jpg")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as changed:
        for name, content in files.items():
            changed.writestr(link if name == link.filename else name, content)
    assert any("not a plain file" in problem for problem in verify_evidence(tmp_path / "link.zip").problems)


def test_what_is_no_package_is_told(tmp_path):
    for content in (b"", b"hello", b"PK\x03\x04" + b"\0" * 100):
        (tmp_path / "x.zip").write_bytes(content)
        with pytest.raises(SurveilError, match="cannot be read as a package"):
            verify_evidence(tmp_path / "x.zip")
    with pytest.raises(SurveilError, match="No such file"):
        verify_evidence(tmp_path / "none.zip")


def test_an_original_that_is_gone_or_changed_is_no_evidence(archive, case, footage, tmp_path):
    content = footage.read_bytes()
    footage.write_bytes(content[:-1] + b"x")
    with pytest.raises(StoreError, match="not what was ingested"):
        archive.cases.export(case, tmp_path / "out.zip", "maria")
    footage.unlink()
    with pytest.raises(StoreError, match="cannot be read"):
        archive.cases.export(case, tmp_path / "out.zip", "maria")
    assert list(tmp_path.glob("*out.zip*")) == list(tmp_path.glob(".surveil-evidence*")) == []
    archive.cases.new("empty", "maria")
    with pytest.raises(QueryError, match="nothing is in the case"):
        archive.cases.export("empty", tmp_path / "out.zip", "maria")


def test_others_are_unrecognisable_and_originals_withheld(archive, case, footage, tmp_path):
    person, other = np.array([[110, 100, 170, 260]], np.float32), np.array([[400, 50, 480, 250]], np.float32)

    class Detector:
        def detect(self, images):
            return [Detections(np.concatenate([person, other]), np.ones(2, np.float32)) for _ in images]

    archive.models.detector = Detector()
    archive.cases.export(case, tmp_path / "out.zip", "maria", blur_others=True)
    assert verify_evidence(tmp_path / "out.zip").problems == ()
    files = contents(tmp_path / "out.zip")
    assert not any("original" in name for name in files)
    (tmp_path / "excerpt.mp4").write_bytes(files["exhibit_01/excerpt.mp4"])
    shown = list(frames_between(tmp_path / "excerpt.mp4", 0, 99))
    true = list(frames_between(footage, 6, 11))
    at = next(i for i, frame in enumerate(true) if 8.4 <= frame.seconds <= 8.6)
    chosen = shown[at].image[100:260, 110:170].astype(int) - true[at].image[100:260, 110:170]
    assert abs(chosen).mean() < 6, "the chosen one is as she was"
    x1, y1, x2, y2 = other[0].astype(int)
    blocks = shown[at].image[y1:y2, x1:x2]
    assert abs(blocks.astype(int) - true[at].image[y1:y2, x1:x2]).mean() > 2
    assert (
        abs(cv2.Laplacian(blocks, cv2.CV_64F)).mean()
        < abs(cv2.Laplacian(true[at].image[y1:y2, x1:x2], cv2.CV_64F)).mean() / 2
    )
    crop = cv2.imdecode(np.frombuffer(files["exhibit_01/crop_1.jpg"], np.uint8), cv2.IMREAD_COLOR)
    assert abs(crop.astype(int) - true[at].image[100:260, 110:170]).mean() < 15, "cut anew, not the stored one"
    assert "withheld" in files["report.html"].decode()
