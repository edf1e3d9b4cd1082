"""Watching a sighting: the film plays, can be sought in, and whoever is in a box drawn on it is looked for."""

from playwright.sync_api import expect

from surveil.app.film import MARGIN_SECONDS

PLAYED = """film => new Promise((done, fail) => {
    film.onerror = () => fail(film.error.message);
    film.ontimeupdate = () => { if (film.currentTime > 0.3) done(); };
})"""
SOUGHT = "(film, to) => new Promise((done) => { film.onseeked = () => done(); film.currentTime = to; })"


def filmed(page):
    """The page of somebody who walks by, and their film, which plays."""
    page.goto("/sightings/1")
    film = page.locator("video")
    film.evaluate("film => film.play()")
    film.evaluate(PLAYED)
    return film


def test_a_film_plays_and_can_be_sought_in(visit):
    page = visit("viewer")
    film = filmed(page)
    length = film.evaluate("film => film.duration")
    assert 5 < length < 60
    film.evaluate("film => film.pause()")
    film.evaluate(SOUGHT, length / 2)
    assert abs(film.evaluate("film => film.currentTime") - length / 2) < 0.5
    assert film.evaluate("film => film.error") is None
    assert film.evaluate("film => film.videoWidth") > 300


def test_whoever_is_in_a_box_on_the_paused_film_is_looked_for(visit):
    page = visit("viewer")
    boxes = page.request.get("/api/v1/sightings/1").json()["boxes"]
    seconds, x1, y1, x2, y2, *_ = boxes[len(boxes) // 2]
    film = filmed(page)
    film.evaluate("film => film.pause()")
    film.evaluate(SOUGHT, seconds - max(boxes[0][0] - MARGIN_SECONDS, 0) + 0.01)
    page.get_by_role("button", name="Draw a box").click()
    shown, width = film.bounding_box(), film.evaluate("film => film.videoWidth")
    scale = shown["width"] / width
    page.mouse.move(shown["x"] + scale * x1, shown["y"] + scale * y1)
    page.mouse.down()
    page.mouse.move(shown["x"] + scale * x2, shown["y"] + scale * y2, steps=5)
    page.mouse.up()
    page.get_by_role("button", name="Find who is in the box").click()
    page.wait_for_url("**/search?like=p*")
    best = page.locator(".card").first
    expect(best.locator(".card-picture")).to_have_attribute("href", "/sightings/1")
    expect(best.locator(".likely")).to_contain_text("likely")


def test_a_sighting_shows_what_the_model_says_and_what_that_is_worth(visit):
    page = visit("viewer")
    page.goto("/sightings/1")
    rows = page.locator(".bars tbody tr")
    expect(rows).to_have_count(12)
    for row in rows.all():
        expect(row.locator(".bar-cell")).to_contain_text("%")
    worth = set(page.locator(".worth").all_inner_texts())
    assert worth <= {"reliable", "fair", "weak", "not measured"}
    assert {"reliable", "fair"} <= worth  # a backpack is told well, an age is not
    expect(page.locator(".neighbours .small")).not_to_have_count(1)
    expect(page.locator(".strip li img").first).to_be_visible()
