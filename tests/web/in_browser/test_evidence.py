"""A case from the first sighting to a package that is verified on a machine without the database."""

import os
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import expect

SURVEIL = str(Path(sys.executable).with_name("surveil"))


def verify(package, folder):
    """What `surveil evidence verify` says, where there is no database and no key."""
    elsewhere = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "SURVEIL_DATABASE": "sqlite:////none"}
    return subprocess.run(
        [SURVEIL, "evidence", "verify", str(package)], env=elsewhere, capture_output=True, text=True, check=False
    )


def test_a_case_is_gathered_exported_and_verified(visit, tmp_path):
    page = visit("investigator")
    page.goto("/cases")
    page.get_by_label("New case").fill("theft of 14/9 & more")
    page.get_by_role("button", name="Open").click()
    expect(page.locator(".empty")).to_contain_text("Nothing is in it yet")
    page.goto("/sightings/1")
    page.locator("summary", has_text="Into a case").click()
    page.get_by_label("Note").fill("comes on foot")
    page.get_by_role("button", name="Put in").click()
    expect(page.locator(".exhibit")).to_have_count(1)
    expect(page.locator(".exhibit .note")).to_have_text("comes on foot")
    key = page.locator(".hint code").first.inner_text()
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as taken:  # the link comes by itself when the package is made
        page.get_by_role("link", name="Download evidence.zip").click()
    package = tmp_path / "package.zip"
    taken.value.save_as(package)
    assert taken.value.suggested_filename.endswith(".zip")
    whole = verify(package, tmp_path)
    assert whole.returncode == 0, whole.stderr
    assert key in whole.stdout
    content = bytearray(package.read_bytes())
    content[len(content) // 2] ^= 1
    package.write_bytes(content)
    assert verify(package, tmp_path).returncode != 0
    page.get_by_role("button", name="Take item 1 out").click()
    expect(page.locator(".exhibit")).to_have_count(0)
    page.get_by_role("button", name="Close the case").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("closed")
