"""`make desk-pictures`: every page of the desk on the sample data, as pictures for docs/desk.md."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

import surveil
from surveil.app import Archive
from surveil.images import decode_picture
from tools.served_desk import Served, served

DEMO, OUT = Path("demo"), Path("docs/desk")
LOOKS: dict[str, tuple[tuple[int, int], str]] = {
    "light": ((1280, 860), "light"),
    "dark": ((1280, 860), "dark"),
    "phone": ((390, 844), "light"),
}
COLOURS = 128
"""Of a picture's palette: it keeps files small, and pages have few colours."""
CASE = "bicycle stolen at the gate"


def main() -> None:
    """Take the pictures, of all pages or of those that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--look", action="append", choices=LOOKS, help="Only these; usual: light of all, and a few.")
    parser.add_argument("--whole", action="store_true", help="The whole page, not what a window shows.")
    parser.add_argument("page", nargs="*")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, served(DEMO, Path(folder), prepare) as desk, chromium() as browser:
        for name, address in addresses(desk).items():
            for look in asked.look or LOOKS_OF.get(name, ("light",)):
                if not asked.page or name in asked.page:
                    take(browser, desk, address, look, asked.out / f"{name}-{look}.png", whole=asked.whole)


LOOKS_OF = {"search": ("light", "dark", "phone"), "sighting": ("light", "dark", "phone"), "identity": ("light", "dark")}
"""Pages of which more than the light look is shown in the docs."""


def prepare(archive: Archive) -> None:
    """What makes the pages worth looking at: a case, saved searches, a name."""
    likely = archive.search("woman, red top", limit=3).matches
    archive.cases.new(CASE, "investigator")
    for number, match in enumerate(likely):
        archive.cases.add_sighting(CASE, match.sighting, "investigator", note=None if number else "comes on foot")
    archive.save_search("Woman in red", archive.request("woman, red top"), watch=True)
    archive.save_search("Backpacks at the gate", archive.request("backpack, gate"))
    several = archive.identities().identities[0]
    with archive.decide("investigator") as decisions:
        decisions.name(several.identity, "Visitor A")
        decisions.note(several.identity, "Asks at the gate, then walks through the yard.")


def addresses(desk: Served) -> dict[str, str]:
    """The pages by what their pictures are called."""
    with surveil.open(desk.database) as archive:
        best = archive.search("woman, red top", limit=1).matches[0]
        several = archive.identities().identities[0]
    return {
        "sign_in": "/sign-in",
        "search": "/search?q=woman%2C+red+top%2C+wearing+a+cape",
        "example": f"/search?like=sighting%3A{best.sighting}",
        "nobody": "/search?q=woman%2C+purple+top%2C+hat%2C+gate",
        "everybody": "/search",
        "sighting": f"/sightings/{best.sighting}",
        "identities": "/identities",
        "identity": f"/identities/{several.identity}",
        "footage": "/footage",
        "counts": "/counts",
        "watchlists": "/watchlists",
        "cases": "/cases",
        "case": f"/cases?case={CASE.replace(' ', '+')}",
        "audit": "/audit?verify=true",
        "accounts": "/accounts",
        "error": "/sightings/999999",
    }


@contextmanager
def chromium() -> Iterator[Browser]:
    """The machine's browser."""
    path = shutil.which("chromium")
    if path is None:
        raise SystemExit("chromium is missing: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


def take(browser: Browser, desk: Served, address: str, look: str, out: Path, *, whole: bool) -> None:
    """A picture of a page in one look."""
    (width, height), scheme = LOOKS[look]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        base_url=desk.address,
    )
    if address != "/sign-in":
        context.add_cookies([{"name": "surveil", "value": desk.cookies["admin"], "url": desk.address}])
    page = context.new_page()
    page.goto(address)
    _all_loaded(page)
    shot = decode_picture(page.screenshot(full_page=whole), address)
    Image.fromarray(shot[..., ::-1]).quantize(COLOURS, dither=Image.Dither.NONE).save(out, optimize=True)
    print(f"{out}: {out.stat().st_size / 1000:.0f} kB", flush=True)
    context.close()


def _all_loaded(page: Page) -> None:
    """Wait until the pictures that are in view are there."""
    page.evaluate(
        "() => Promise.all([...document.images].filter((i) => i.getBoundingClientRect().top < innerHeight)"
        ".map((i) => i.decode()))"
    )


if __name__ == "__main__":
    main()
