"""The sample footage on a desk that `surveil serve` serves, and a real browser in front of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from playwright.sync_api import Browser, Page, expect, sync_playwright

import surveil
from tools.served_desk import Served, served

PATIENCE_MS = 30_000
"""A machine that has much else to do is slow, not wrong."""


@pytest.fixture(scope="session")
def sample_desk(tmp_path_factory, worker_id, sample_data) -> Iterator[Served]:
    """The desk over the sample footage; what a test changes it changes back."""
    if shutil.which("chromium") is None:
        pytest.skip("there is no browser: `make browser` installs Debian's chromium where it may")
    made = _made_once(tmp_path_factory, worker_id) / "desk"
    with FileLock(f"{made}.lock"):
        if not made.exists():
            _make(made.with_name("desk.half"), sample_data / "footage")
            made.with_name("desk.half").rename(made)
    with served(made, tmp_path_factory.mktemp("served")) as desk:
        yield desk


def _made_once(tmp_path_factory, worker_id) -> Path:
    """A folder that all processes of this run of the tests share."""
    folder = tmp_path_factory.getbasetemp()
    return folder if worker_id == "master" else folder.parent


def _make(folder: Path, footage: Path) -> None:
    """The database of the sample footage: what the demo makes, from fewer frames."""
    folder.mkdir()
    with surveil.open(f"sqlite:///{folder}/surveil.db", device="cpu", fps=2) as archive:
        for report in archive.ingest([footage]):
            assert report.state == "done"
        archive.cluster()


@pytest.fixture(scope="module")
def chromium(sample_desk) -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium, sample_desk) -> Iterator[Callable[..., Page]]:
    """Opens a window in which somebody of a role is signed in, or nobody.

    At the end no window may have complained, and none may have asked another host for anything.
    """
    contexts, complaints = [], []

    def open_window(role: str | None = "admin", **options) -> Page:
        context = chromium.new_context(base_url=sample_desk.address, locale="en-GB", **options)
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        if role:
            context.add_cookies([{"name": "surveil", "value": sample_desk.cookies[role], "url": sample_desk.address}])
        context.on("request", lambda asked: None if _is_ours(asked.url) else complaints.append(asked.url))
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        return page

    def _is_ours(url: str) -> bool:
        return url.startswith((f"{sample_desk.address}/", "data:", "blob:"))

    yield open_window
    for context in contexts:
        context.close()
    assert complaints == []
