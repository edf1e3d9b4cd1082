"""What changes while one looks: footage as it is ingested, and what is new in a saved search."""

from playwright.sync_api import expect

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
