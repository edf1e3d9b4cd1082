"""Searching as people do: by words, by what is beside the matches, by a picture, on and on."""

import base64
import re
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

WORDS = re.compile(r"(very likely|likely|possible|unlikely) · [<>]?\d+%")
DROP = """([content, kind]) => {
    const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([bytes], "somebody.jpg", {type: "image/jpeg"}));
    const event = kind === "paste" ? new ClipboardEvent("paste", {clipboardData: data, bubbles: true})
                                   : new DragEvent(kind, {dataTransfer: data, bubbles: true, cancelable: true});
    document.querySelector("main").dispatchEvent(event);
}"""
MOVED = """() => new Promise((tell) => {
    new PerformanceObserver((list) => tell(list.getEntries().reduce((sum, shift) => sum + shift.value, 0)))
        .observe({type: "layout-shift", buffered: true});
    setTimeout(() => tell(0), 1500);
})"""


def asked(page):
    return parse_qs(urlsplit(page.url).query)


def test_words_become_chips_that_can_be_taken_away(visit):
    page = visit()
    page.goto("/search")
    page.keyboard.press("/")  # goes to the words
    page.keyboard.type("woman, red top, wearing a cape")
    page.keyboard.press("Enter")
    chips = page.get_by_role("list", name="What is searched")
    expect(chips).to_contain_text("gender female")
    expect(chips).to_contain_text("upper colour red")
    expect(chips.locator(".chip-unknown")).to_contain_text("cape")
    assert asked(page)["q"] == ["woman, red top, wearing a cape"]  # a link that can be sent
    found = page.locator(".card").count()
    assert found > 0
    for card in page.locator(".card").all():
        expect(card).to_contain_text("red top")
        expect(card).to_contain_text("UTC")
        expect(card.locator(".likely")).to_have_text(WORDS)
    page.get_by_role("link", name="Remove red top").click()
    expect(chips).not_to_contain_text("upper colour red")
    assert page.locator(".card").count() > found


def test_the_count_beside_a_value_is_how_many_it_finds(visit):
    page = visit()
    page.goto("/search?q=woman")
    pill = page.locator("label.pill", has_text="gate")
    counted = int(pill.locator(".count").inner_text())
    assert counted > 0
    pill.click()
    expect(page.locator(".card")).to_have_count(counted)
    assert asked(page) == {"q": ["woman"], "camera": ["gate"]}
    for card in page.locator(".card").all():
        expect(card.locator(".card-head")).to_contain_text("gate")


@pytest.mark.parametrize("kind", ["drop", "paste"])
def test_a_picture_that_is_dropped_or_pasted_is_looked_for(visit, kind):
    page = visit()
    picture = page.request.get("/sightings/1/crops/0.jpg").body()
    page.goto("/search?camera=gate")
    page.evaluate(DROP, [base64.b64encode(picture).decode(), kind])
    page.wait_for_url("**/search?*like=picture*")
    assert asked(page)["camera"] == ["gate"]  # the filters stay
    expect(page.locator(".chip-like img")).to_be_visible()
    best = page.locator(".card").first
    expect(best.locator(".card-picture")).to_have_attribute("href", "/sightings/1")
    expect(best.locator(".likely")).to_contain_text("very likely")


def test_likes_and_unlikes_are_gathered(visit):
    page = visit()
    page.goto("/search?like=sighting:1")
    page.locator(".card").nth(1).get_by_role("link", name="Like this").click()
    page.wait_for_url("**like=*like=*")
    page.locator(".card").last.get_by_role("link", name="Not this").click()
    page.wait_for_url("**unlike=*")
    assert len(asked(page)["like"]) == 2
    assert len(asked(page)["unlike"]) == 1
    expect(page.locator(".chip-like")).to_have_count(2)
    expect(page.locator(".chip-unlike")).to_have_count(1)
    expect(page.locator("#results")).to_contain_text("only the order tells")


def test_more_come_as_one_scrolls_and_nothing_jumps(visit):
    page = visit()
    page.goto("/search")
    assert page.evaluate(MOVED) < 0.05
    before = page.locator(".card").count()
    page.locator(".more").scroll_into_view_if_needed()
    expect(page.locator(".card").nth(before)).to_be_attached()
    numbers = [card.get_attribute("href") for card in page.locator(".card-picture").all()]
    assert len(numbers) == len(set(numbers))


def test_grouping_shows_one_of_each_identity(visit):
    page = visit()
    page.goto("/search")
    page.get_by_label("Group").select_option("identity")
    page.wait_for_url("**group=identity*")
    expect(page.locator(".card-links", has_text="more").first).to_be_visible()
    names = page.locator(".card-links > a").all_inner_texts()
    assert len(names) == len(set(names)) > 5


def test_grouping_by_visit_shows_one_of_each_stay_at_a_camera(visit):
    page = visit()
    page.goto("/search?camera=gate&camera=yard")
    page.get_by_label("Group").select_option("visit")
    page.wait_for_url("**group=visit*")
    asked_for = {"cameras": ["gate", "yard"], "group": "visit", "limit": 24}
    token = page.locator("input[name=csrf]").first.get_attribute("value")
    found = page.request.post("/api/v1/search", data=asked_for, headers={"X-CSRF-Token": token}).json()["matches"]
    assert [card.get_attribute("href") for card in page.locator(".card-picture").all()] == [
        f"/sightings/{match['sighting']}" for match in found
    ]
    for card, match in zip(page.locator(".card").all(), found, strict=True):
        more = card.locator(".card-links", has_text="more")
        expect(more).to_have_count(1 if match["others"] else 0)
    assert any(match["others"] for match in found)
    stays = [(match["camera"], match["identity"]) for match in found]
    assert len(stays) > len({identity for _, identity in stays}), "somebody came to two cameras, or came back"


def test_times_are_those_of_the_cameras_clock_and_utc(visit):
    page = visit("supervisor")
    for zone in ("Asia/Kathmandu", "UTC"):
        page.goto("/footage")
        row = page.locator("tr", has=page.get_by_label("Time zone of yard"))
        row.get_by_label("Time zone of yard").fill(zone)
        row.get_by_role("button", name="Set").click()
        expect(page.get_by_label("Time zone of yard")).to_have_value(zone)
        page.goto("/search?camera=yard")
        number = page.locator(".card-picture").first.get_attribute("href").rpartition("/")[2]
        seen = page.request.get(f"/api/v1/sightings/{number}").json()["match"]["first_seen"]
        moment = datetime.fromisoformat(seen)
        local = f"{moment.astimezone(ZoneInfo(zone)):%H:%M:%S}"
        assert (local == f"{moment.astimezone(UTC):%H:%M:%S}") == (zone == "UTC")
        card = page.locator(".card").first
        expect(card.locator("time")).to_contain_text(local)
        expect(card).to_contain_text(f"{moment.astimezone(UTC):%H:%M:%S} UTC")
        page.goto(f"/sightings/{number}")
        expect(page.locator(".lead")).to_contain_text(local)
        expect(page.locator(".lead")).to_contain_text(f"{moment.astimezone(UTC):%H:%M:%S} UTC")


def test_an_empty_result_says_which_filter_left_nothing(visit):
    page = visit()
    page.goto("/search?q=woman&after=2030-01-01T00:00")
    expect(page.locator(".empty")).to_contain_text("Nobody was found")
    expect(page.locator(".blocks")).to_contain_text("leaves nobody")
    expect(page.locator(".blocks")).to_contain_text("2030-01-01")
    assert page.locator(".passing li:not(.blocks)").count() == 1


def test_what_is_shown_can_be_taken_along(visit):
    page = visit()
    page.goto("/search?q=woman")
    for title, begins in (("Contact sheet", b"\x89PNG"), ("CSV", b"sighting,"), ("JSON", b"{")):
        page.locator("summary", has_text="Export").click()
        with page.expect_download() as taken:
            page.get_by_role("link", name=title).click()
        assert taken.value.path().read_bytes().startswith(begins), title
        page.reload()
