"""Which engine works: the worker of this process, or workers on a Ray cluster, with the same result."""

import importlib.util
import shutil
import socket
import subprocess
import sys
import threading
from contextlib import nullcontext
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from sqlalchemy import select

import surveil
from surveil.app.engine import engine as make_engine
from surveil.app.engine import open_worker
from surveil.app.models import footage_at_once
from surveil.errors import StoreError, SurveilError
from surveil.ingest.runners.crew import Share
from surveil.model.checkpoint import Card, save_checkpoint
from surveil.model.network import build_network
from surveil.runtimes.gathering import Gathering
from surveil.settings import load_settings
from surveil.store.tables import Embedding, Footage, SightingRow
from tests.ingest.conftest import read_contents

needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed")


@pytest.fixture
def crops(tmp_path, monkeypatch):
    """Two cameras' crops, and a model that was never trained to describe them with."""
    torch.manual_seed(0)
    checkpoint = tmp_path / "untrained.safetensors"
    save_checkpoint(checkpoint, build_network("resnet34-attention"), Card("untrained", "resnet34-attention", (128, 64)))
    monkeypatch.setenv("SURVEIL_MODEL", str(checkpoint))
    folder = tmp_path / "crops"
    folder.mkdir()
    random = np.random.default_rng(0)
    for name in ("0002_c1s1_000451_03.jpg", "0002_c1s1_000551_01.jpg", "0007_c2s1_000025_01.jpg"):
        cv2.imwrite(str(folder / name), random.integers(0, 255, (128, 64, 3), np.uint8))
    return folder


def test_several_pieces_at_once_share_the_networks_and_come_to_the_same(crops, tmp_path):
    stored = {}
    for at_once in (1, 2):
        with surveil.open(f"sqlite:///{tmp_path / f'{at_once}.db'}", device="cpu", footage_at_once=at_once) as archive:
            reports = archive.ingest([crops], start="2026-09-14T08:00")
            assert {(report.camera, report.state) for report in reports} == {("c1", "done"), ("c2", "done")}
            assert isinstance(archive.models.appearance.runtime, Gathering) is (at_once > 1)
            with archive.database.session() as session:
                told = select(Footage.path, SightingRow.first_seen, Embedding.vector).join_from(Footage, SightingRow)
                stored[at_once] = sorted(map(tuple, session.execute(told.join(Embedding))), key=lambda row: row[:2])
    assert [row[:2] for row in stored[2]] == [row[:2] for row in stored[1]]
    for one, other in zip(stored[1], stored[2], strict=True):
        np.testing.assert_allclose(one[2], other[2], atol=2e-3)  # the last digits may depend on the company


@pytest.mark.parametrize(("device", "given", "expected"), [("cpu", None, 1), ("cuda", None, 4), ("cpu", 3, 3)])
def test_a_card_gets_several_pieces_at_once_unless_the_setting_says_otherwise(device, given, expected):
    assert footage_at_once(load_settings(device=device, footage_at_once=given)) == expected


@pytest.mark.parametrize(
    ("cards", "given", "expected"),
    [
        (0, {}, Share(2, 0, 1)),
        (0, {"FOOTAGE_AT_ONCE": "3"}, Share(2, 0, 3)),
        (1, {}, Share(2, 1, 4)),
        (1, {"DEVICE": "cpu"}, Share(2, 0, 1)),
        (2, {"FOOTAGE_AT_ONCE": "8", "RAY_WORKERS_PER_GPU": "2", "RAY_WORKER_CPUS": "6"}, Share(6, 0.5, 8)),
    ],
)
def test_several_pieces_of_a_worker_of_ray_share_its_networks(crops, tmp_path, monkeypatch, cards, given, expected):
    monkeypatch.setattr("surveil.ingest.runners.ray.connected", lambda _address: nullcontext())
    monkeypatch.setattr("surveil.ingest.runners.ray.RayRunner", lambda *arguments: arguments)
    cluster = SimpleNamespace(cluster_resources=lambda: {"GPU": cards} if cards else {})
    monkeypatch.setattr("surveil.app.engine.import_ray", lambda: cluster)
    for name, value in given.items():
        monkeypatch.setenv(f"SURVEIL_{name}", value)
    with (
        surveil.open(f"sqlite:///{tmp_path / 'x.db'}", engine="ray") as archive,
        make_engine(archive, gate=True, progress=None, stop=None) as make,
    ):
        _, opens, share, *_ = make()
        assert share == expected
        with opens(threading.Event()) as worker:
            assert isinstance(worker._pipeline.model.runtime, Gathering) is (expected.footage > 1)


@needs_ray
def test_workers_of_ray_do_what_the_worker_here_does_and_only_this_machine_reaches_them(crops, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # relative names are those of the driver's folder
    states, listening = {}, set()
    for engine in ("local", "ray"):
        with surveil.open(f"sqlite:///{engine}.db", engine=engine, device="cpu") as archive:
            for report in archive.ingest(["crops"], start="2026-09-14T08:00"):
                states[engine, report.camera] = report.state, report.sightings
                listening |= addresses_of_children()
            found = archive.search(limit=10)
            states[engine] = read_contents(archive.database), [match.camera for match in found.matches]
    assert states["ray", "c1"] == states["local", "c1"] == ("done", 2)
    assert states["ray", "c2"] == states["local", "c2"] == ("done", 1)
    assert states["ray"] == states["local"]
    assert {path.name for path in tmp_path.glob("local.db.media/*/*")} == {
        path.name for path in tmp_path.glob("ray.db.media/*/*")
    }
    assert listening
    assert listening <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}


@needs_ray
@pytest.mark.slow
def test_a_watch_gives_workers_of_ray_what_comes_while_it_runs(crops, tmp_path):
    watched, stop = tmp_path / "in", threading.Event()
    watched.mkdir()
    soon = {"watch_scan_seconds": 0.1, "watch_settled_seconds": 0.5, "watch_health_seconds": 0.5}
    reports = []
    with surveil.open(f"sqlite:///{tmp_path / 'watch.db'}", engine="ray", device="cpu", **soon) as archive:
        first = crops / "0002_c1s1_000451_03.jpg"
        shutil.copyfile(first, watched / first.name)
        for report in archive.watch([watched], stop=stop):
            reports.append((report.camera, report.state, report.sightings))
            if len(reports) == 1:  # what was done is not done again, and what is new is
                other = crops / "0007_c2s1_000025_01.jpg"
                shutil.copyfile(other, watched / other.name)
                assert [daemon.alive for daemon in archive.status().daemons] == [True]
            else:
                stop.set()
        assert reports == [("c1", "done", 1), ("c2", "done", 1)]
        assert archive.status().daemons == ()
        assert [match.camera for match in archive.search(limit=10).matches] == ["c1", "c2"]


def addresses_of_children():
    """Where the processes listen that this one started for Ray."""
    import psutil

    children = [child for child in psutil.Process().children(recursive=True) if "ray" in " ".join(child.cmdline())]
    return {
        held.laddr.ip
        for child in children
        for held in child.net_connections("tcp")
        if held.status == psutil.CONN_LISTEN
    }


@needs_ray
def test_what_several_machines_cannot_share_is_refused(tmp_path, crops, postgres_url):
    with (
        surveil.open(f"sqlite:///{tmp_path / 'x.db'}", engine="ray", ray_address="127.0.0.1:6379") as archive,
        pytest.raises(StoreError, match="cannot be shared by several machines"),
    ):
        list(archive.ingest([crops]))
    settings = load_settings(database=postgres_url, media=tmp_path / "media")
    with surveil.open(postgres_url, media=tmp_path / "media") as archive:
        assert archive.status().footage == ()
    elsewhere = open_worker(settings, True, "no-such-sign", threading.Event())
    with pytest.raises(StoreError, match="does not see the same media folder"), elsewhere:
        pass


@needs_ray
def test_a_cluster_that_is_not_there_is_told_at_once(tmp_path, crops, postgres_url):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
    options = {"media": tmp_path / "media", "engine": "ray", "ray_address": address}
    with surveil.open(postgres_url, **options) as archive, pytest.raises(SurveilError, match="cannot be reached"):
        list(archive.ingest([crops]))


def test_without_ray_the_engine_says_what_to_install(tmp_path, crops, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    with (
        surveil.open(f"sqlite:///{tmp_path / 'x.db'}", engine="ray") as archive,
        pytest.raises(SurveilError, match=r"pip install 'surveil\[ray\]'"),
    ):
        list(archive.ingest([crops]))


def test_an_ingest_without_ray_never_imports_it(crops, tmp_path):
    code = """
import sys, surveil
with surveil.open(sys.argv[1], device="cpu") as archive:
    assert [report.state for report in archive.ingest([sys.argv[2]])] == ["done", "done"]
assert "ray" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code, f"sqlite:///{tmp_path / 'x.db'}", crops], check=True)
