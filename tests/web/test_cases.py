"""Cases on their pages: names of any kind, cameras that are not granted, what is on record."""

import time

from surveil.app import verify_evidence


def case_page(browser, name):
    return browser.get("/cases", params={"case": name})


def gather(browser, name, *sightings):
    assert browser.post("/cases", data={"case": name}).status_code == 303
    for sighting in sightings:
        added = browser.post("/cases/add", data={"case": name, "sighting": sighting, "note": "<i>here</i>"})
        assert added.status_code == 303


def test_a_case_of_any_name_is_kept(investigator, archive, said):
    name = 'a/b?c#d&e "f" <g>'
    gather(investigator, name, 1)
    page = case_page(investigator, name)
    assert "&lt;g&gt;" in page.text
    assert "<i>here" not in page.text
    assert "gate" in said(page.text)
    item = archive.cases.show(name).entries[0].item
    investigator.post("/cases/close", data={"case": name, "closed": "true"})
    assert investigator.post("/cases/remove", data={"case": name, "item": item}).status_code == 400
    investigator.post("/cases/close", data={"case": name, "closed": "false"})
    assert investigator.post("/cases/remove", data={"case": name, "item": item}).status_code == 303
    assert archive.cases.show(name).entries == ()
    assert case_page(investigator, "no such case").status_code == 404
    assert {record.actor for record in archive.audit.list(action="case").records} == {"investigator"}


def test_what_a_camera_recorded_that_is_not_granted_is_not_shown(investigator, archive, browser, said):
    gather(browser("supervisor"), "theft", 1, 3)
    archive.accounts.set_role_cameras("investigator", ["yard"])
    shown = said(case_page(investigator, "theft").text)
    assert "yard" in shown
    assert "gate" not in shown
    assert investigator.post("/cases/add", data={"case": "theft", "sighting": 2}).status_code in (400, 404)


def test_a_package_is_made_behind_the_page(investigator, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    gather(investigator, "theft", 1)
    assert investigator.post("/cases/export", data={"case": "theft"}).status_code == 303
    for _ in range(600):
        progress = investigator.get("/cases/packages", params={"case": "theft"}).text
        if "hx-trigger" not in progress:  # it does not ask again
            break
        time.sleep(0.1)
    package = tmp_path / "evidence.zip"
    package.write_bytes(investigator.get("/api/v1/jobs/1/file").content)
    assert verify_evidence(package).problems == ()
    assert "/api/v1/jobs/1/file" in progress
