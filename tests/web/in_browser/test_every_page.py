"""Every page: nothing to complain of for axe-core, light and dark; whole on a phone; viewers see what they may."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

PAGES = (
    *("/search", "/search?q=woman%2C+cape&like=sighting:1", "/search?q=woman&after=2030-01-01T00:00"),
    *("/sightings/1", "/identities", "/identities/1", "/footage", "/counts", "/watchlists"),
    *("/cases", "/audit?verify=true", "/accounts"),
)
RULES = {
    "light": {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
    "dark": {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}},
}
"""In the dark only the colours are others."""


def problems(page, scheme):
    """What axe-core finds: the rule, and where."""
    found = Axe().run(page, options=RULES[scheme]).response["violations"]
    return [(one["id"], [node["html"][:150] for node in one["nodes"][:3]]) for one in found]


@pytest.mark.parametrize("scheme", RULES)
def test_axe_core_has_nothing_to_complain_of(visit, scheme):
    page = visit(color_scheme=scheme)
    for address in PAGES:
        page.goto(address)
        assert problems(page, scheme) == [], address
    stranger = visit(None, color_scheme=scheme)
    stranger.goto("/sign-in")
    assert problems(stranger, scheme) == []


def test_on_a_phone_no_page_is_wider_than_the_screen(visit):
    page = visit(viewport={"width": 390, "height": 844}, has_touch=True)
    for address in PAGES:
        page.goto(address)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, f"{address} is {width} wide"
    page.goto("/search")
    page.get_by_role("link", name="Filters").click()
    expect(page.get_by_role("group", name="Camera")).to_be_visible()
    page.locator("label.pill", has_text="gate").click()
    expect(page.locator(".chip", has_text="camera: gate")).to_be_attached()


def test_a_viewer_may_look_and_no_more(visit, sample_desk):
    page = visit("viewer")
    page.goto("/search?q=woman")
    titles = page.get_by_role("navigation").get_by_role("link").all_inner_texts()
    assert titles == ["Search", "Identities", "Footage", "Counts"]
    expect(page.locator("summary")).to_have_count(0)  # neither export nor save
    for address in ("/watchlists", "/cases", "/audit", "/accounts", "/search.csv?q=woman"):
        assert page.request.get(address).status == 403, address
    token = page.locator("input[name=csrf]").first.get_attribute("value")
    sent = {"csrf": token, "seen": "0", "text": "mine"}
    ours = {"Origin": sample_desk.address}
    assert page.request.post("/identities/1/name", form=sent, headers=ours).status == 403


def test_everything_is_reached_by_keyboard(visit):
    page = visit()
    page.goto("/search?q=woman")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the content")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_id("q")
    page.goto("/search?q=woman")
    for _ in range(2):
        page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the matches")
    page.keyboard.press("Enter")
    reached = []
    while "card-picture" not in reached and len(reached) < 12:
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.className || document.activeElement.id"))
    assert "f-sort" in reached
    page.keyboard.press("Enter")
    page.wait_for_url("**/sightings/*")


def test_signing_in_and_out(visit):
    page = visit(None)
    page.goto("/sign-in?next=/counts")
    page.get_by_label("Name").fill("viewer")
    page.get_by_label("Password").fill("a long password of theirs")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Counts")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
