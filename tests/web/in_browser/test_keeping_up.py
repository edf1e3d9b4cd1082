"""What changes while one looks: footage as it is ingested, and what is new in a saved search."""

import av
import numpy as np
from playwright.sync_api import expect
from sqlalchemy import update

import surveil
from surveil.store.tables import Footage


def test_what_happens_to_footage_shows_up_by_itself(visit, sample_desk):
    page = visit("supervisor")
    page.goto("/footage")
    row = page.locator("#footage tbody tr", has_text="yard_")
    expect(row.locator(".state")).to_have_text("done")
    changes = (("failed", "the disk <b>broke</b>", "failed"), ("done", None, "done"))
    with surveil.open(sample_desk.database) as archive:  # as a command beside the server
        for state, error, shown in changes:
            with archive.database.session() as session:
                [piece] = session.query(Footage).filter(Footage.path.contains("yard_"))
                piece.state, piece.error = state, error
            expect(row.locator(".state")).to_have_text(shown)  # nobody loads the page again
            again = row.get_by_role("button", name="Try again")
            expect(again).to_have_count(1 if error else 0)
            if error:
                expect(row.locator(".warning").last).to_have_text(error)


def a_clip(path, frames=10):
    """A film of nobody."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=5)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for number in range(frames):
            image = np.full((120, 160, 3), 5 * number, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode())
    return path


def test_what_could_not_be_opened_or_failed_is_tried_again(visit, sample_desk, tmp_path):
    """One file is torn, is mended, and is opened; as footage it then fails, and is done when it is tried again."""
    whole = a_clip(tmp_path / "whole.mp4").read_bytes()
    torn = tmp_path / "porch_20260914-081500.mp4"
    torn.write_bytes(whole[:200])
    page = visit("supervisor")
    with surveil.open(sample_desk.database, device="cpu") as archive:
        [report] = archive.ingest([torn])
        page.goto("/footage")
        unopened = page.get_by_role("region", name="Not opened")
        row = unopened.locator("tr", has_text=torn.name)
        [noted] = archive.status().unopened
        expect(row.locator(".warning")).to_have_text(noted.what)
        assert noted.what in report.error
        row.get_by_role("button", name="Try again").click()
        expect(row).to_be_visible()  # it is no better
        torn.write_bytes(whole)
        row.get_by_role("button", name="Try again").click()
        piece = page.locator("#footage tr", has_text=torn.name).locator(".state")
        expect(piece).to_have_text("done", timeout=120_000)
        expect(unopened).to_have_count(0)
        with archive.database.session() as session:
            session.execute(
                update(Footage).where(Footage.path == str(torn)).values(state="failed", error="the disk broke")
            )
        expect(page.locator("#footage tr", has_text=torn.name)).to_contain_text("the disk broke")
        page.locator("#footage tr", has_text=torn.name).get_by_role("button", name="Try again").click()
        expect(piece).to_have_text("done", timeout=120_000)
        archive.forget_footage(str(torn))


def test_a_cameras_clock_moves_what_it_saw(visit):
    page = visit("supervisor")
    page.goto("/footage")
    clock = page.get_by_label("to the clock of yard")
    for offset in ("3600", "0"):
        clock.fill(offset)
        page.locator("tr", has_text="yard").get_by_role("button", name="Set").click()
        expect(clock).to_have_value(offset)
        seen = page.request.get("/search.csv?camera=yard").text()
        assert ("2026-09-14T09:1" in seen) == (offset == "3600")


def test_what_is_new_in_a_saved_search_since_one_looked(visit, sample_desk):
    page = visit("investigator")
    page.goto("/search?q=woman")
    page.locator("summary", has_text="Save").click()
    page.get_by_label("Name").fill("Women & <others>")
    page.locator(".menu-form").get_by_role("button", name="Save").click()
    saved = page.get_by_role("region", name="Women & <others>", exact=True)
    expect(saved).to_contain_text("Nothing new")  # they were just looked at
    other = visit("supervisor")
    other.goto("/watchlists")  # who never did
    theirs = other.get_by_role("region", name="Women & <others>", exact=True)
    expect(theirs.locator(".state-running")).to_contain_text("new")
    expect(theirs.locator(".small").first).to_be_visible()
    theirs.get_by_role("button", name="I have seen them").click()
    expect(theirs).to_contain_text("Nothing new")
    page.reload()
    saved.locator("summary").click()
    page.get_by_label("Tell each hit to").fill("http://127.0.0.1:9/hits")
    saved.get_by_role("button", name="Set").click()
    expect(page.get_by_role("status")).to_contain_text("secret, which is shown this once")
    saved.locator("summary").click()
    page.get_by_role("button", name="Forget Women").click()
    expect(saved).to_have_count(0)
