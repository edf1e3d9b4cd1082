"""Deciding about identities: merge and undo, split, move, name; and what a viewer is not offered."""

import re

from playwright.sync_api import expect


def sightings(page):
    """The numbers of the sightings that an identity's page shows."""
    links = page.locator(".groups a.small").all()
    return {int(link.get_attribute("href").rpartition("/")[2]) for link in links}


def test_a_suggested_merge_is_taken_and_taken_back(visit):
    page = visit("investigator")
    everybody = page.request.get("/api/v1/identities").json()["identities"]
    details = (page.request.get(f"/api/v1/identities/{one['identity']}").json() for one in everybody)
    page.goto(f"/identities/{next(one['identity'] for one in details if one['suggestions'])}")
    before = sightings(page)
    suggested = page.locator(".panel", has_text="Perhaps the same person").locator(".pickable").first
    expect(suggested.locator(".likely")).to_have_text(re.compile(r"\w+ · [<>]?\d+%"))
    other = suggested.locator("a").get_attribute("href")
    suggested.get_by_role("button", name=re.compile("^Same person")).click()
    expect(page.locator(".log")).to_contain_text("merged")
    after = sightings(page)
    assert after > before
    page.locator(".log").get_by_role("button", name=re.compile("^Undo")).first.click()
    expect(page.locator(".log")).to_contain_text("taken back")
    assert sightings(page) == before
    page.goto(other)
    assert sightings(page) == after - before


def test_chosen_sightings_become_somebody_else_and_come_back(visit):
    page = visit("investigator")
    page.goto("/identities/1")
    before = sightings(page)
    box = page.locator(".pickable input[type=checkbox]").first
    box.check()
    page.get_by_role("button", name="The chosen ones are another person").click()
    expect(page.locator(".groups a.small")).to_have_count(len(before) - 1)
    page.locator(".log").get_by_role("button", name=re.compile("^Undo")).first.click()
    expect(page.locator(".groups a.small")).to_have_count(len(before))


def test_a_name_and_a_note_are_shown_where_the_person_is(visit):
    page = visit("investigator")
    page.goto("/identities/1")
    page.get_by_label("Name", exact=True).fill("<b>Visitor</b> & co")
    page.get_by_role("button", name="Name").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("<b>Visitor</b> & co")
    page.get_by_label("Note", exact=True).fill("carries a handbag")
    page.get_by_role("button", name="Note").click()
    expect(page.locator(".note")).to_have_text("carries a handbag")
    for _ in range(2):
        page.locator(".log").get_by_role("button", name=re.compile("^Undo")).first.click()
        page.wait_for_load_state()
    expect(page.get_by_role("heading", level=1)).to_have_text("Identity 1")


def undo_the_newest(page):
    page.locator(".log").get_by_role("button", name=re.compile("^Undo")).first.click()
    expect(page.locator(".log li").first).to_contain_text("undid")


def test_somebody_who_is_hidden_is_left_out_of_the_list(visit):
    page = visit("investigator")
    page.goto("/identities/1")
    page.get_by_role("button", name="Hide from lists").click()
    expect(page.locator(".crumb")).to_contain_text("hidden")
    listed = page.locator(".card-picture[href='/identities/1']")
    page.goto("/identities")
    expect(page.locator(".card").first).to_be_visible()
    expect(listed).to_have_count(0)
    page.get_by_role("link", name="Hidden ones too").click()
    expect(listed).to_have_count(1)
    page.goto("/identities/1")
    page.get_by_role("button", name="Show in lists again").click()
    page.goto("/identities")
    expect(listed).to_have_count(1)
    page.goto("/identities/1")
    for _ in range(2):
        undo_the_newest(page)
    expect(page.get_by_role("button", name="Hide from lists")).to_be_visible()


def test_a_sighting_is_moved_to_somebody_else_and_back(visit):
    page = visit("investigator")
    page.goto("/identities/1")
    before = sightings(page)
    moved = max(before)
    page.get_by_label("Sighting", exact=True).fill(str(moved))
    page.get_by_label("is identity").fill("2")
    page.get_by_role("button", name="Move").click()
    expect(page.locator(".log li").first).to_contain_text(f"moved sighting {moved} from 1 to 2")
    assert sightings(page) == before - {moved}
    page.goto("/identities/2")
    assert moved in sightings(page)
    undo_the_newest(page)
    assert moved not in sightings(page)
    page.goto("/identities/1")
    assert sightings(page) == before


def test_two_who_are_kept_apart_are_not_suggested_any_more(visit):
    page = visit("investigator")
    everybody = page.request.get("/api/v1/identities").json()["identities"]
    details = (page.request.get(f"/api/v1/identities/{one['identity']}").json() for one in everybody)
    page.goto(f"/identities/{next(one['identity'] for one in details if one['suggestions'])}")
    suggested = page.locator(".panel", has_text="Perhaps the same person").locator(".pickable a")
    other = suggested.first.get_attribute("href").rpartition("/")[2]
    gone = page.locator(f".panel:has-text('Perhaps the same person') a[href='/identities/{other}']")
    page.get_by_label("Never the same as identity").fill(other)
    page.get_by_role("button", name="Keep apart").click()
    expect(page.locator(".log li").first).to_contain_text(f"and {other} are two people")
    expect(gone).to_have_count(0)
    undo_the_newest(page)
    expect(gone).to_have_count(1)


def test_the_timeline_and_the_ways_are_drawn_as_they_are_written(visit):
    page = visit("viewer")
    page.goto("/identities/1")
    stays = page.locator(".timeline a")
    expect(stays).to_have_count(len(sightings(page)))
    ways = page.locator(".graph .way").count()
    assert ways == page.locator(".graph").get_attribute("aria-label").count(" to ") > 0
    for name in ("Merge", "Name", "Keep apart", "Move", "Undo"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)  # a viewer looks
