"""Cameras that are granted: whoever may see the yard finds nothing of the gate, whatever they ask."""

import re

import pytest

API = "/api/v1"
NAMES = re.compile(r"\bgate\b|Ben Secret|0000-secret-remark")
ELSEWHERE = (
    {"like": ["sighting:1"]},
    {"unlike": ["sighting:1"], "like": ["sighting:3"]},
    {"like": ["identity:2"]},
    {"cameras": ["gate"]},
    {"identities": ["Ben Secret"]},
    {"footage": ["gate.mp4"]},
)


@pytest.fixture
def ben(archive):
    """Ben was seen at the gate only; he has a name and a note, and a case holds him."""
    identity = archive.sighting(2).match.identity
    with archive.decide("admin") as decisions:
        decisions.name(identity, "Ben Secret")
        decisions.note(identity, "0000-secret-remark")
    archive.cases.new("theft", "admin")
    archive.cases.add_sighting("theft", 2, "admin")
    archive.cases.add_sighting("theft", 3, "admin")
    return identity


@pytest.fixture
def guests(archive, browser, ben):
    """Everybody, limited to the yard."""
    for role in ("viewer", "investigator", "supervisor"):
        archive.accounts.set_role_cameras(role, ["yard"])
    return {role: browser(role) for role in ("viewer", "investigator", "supervisor")}


@pytest.mark.parametrize("role", ["viewer", "investigator", "supervisor"])
def test_nothing_that_can_be_asked_names_the_gate(guests, app, role):
    from tests.web.test_access import needed, routes

    asked = 0
    for route in routes(app):
        kept = ("/audit", "/progress", "/search-history", "/sign", "/start", "/static", "openapi")
        if "GET" not in route.methods or "{" in route.path or any(part in route.path for part in kept):
            continue
        answer = guests[role].get(route.path)
        if answer.status_code != 403:
            shown = re.sub(r'placeholder="[^"]*"', "", answer.text)
            assert not NAMES.search(shown), f"{route.path}: {needed(route)}"
            asked += 1
    assert asked >= 15


@pytest.mark.parametrize("role", ["viewer", "investigator", "supervisor"])
def test_what_is_named_by_number_is_not_there(guests, ben, role):
    for path in (
        "sightings/1", "sightings/2", f"identities/{ben}", "cases/theft/entries",
    ):  # fmt: skip
        answer = guests[role].get(f"{API}/{path}")
        assert answer.status_code in (403, 404), path
        assert not NAMES.search(answer.text), path
    for path in ("crops/0.jpg", "frame.jpg", "clip.mp4", ""):
        assert guests[role].get(f"/sightings/1/{path}".rstrip("/")).status_code == 404
    assert guests[role].get(f"/identities/{ben}/picture.jpg").status_code == 404
    assert guests[role].post(f"{API}/sightings/1/box", json={"seconds": 1, "box": [0, 0, 1, 1]}).status_code == 404
    for asked in ELSEWHERE:
        answer = guests[role].post(f"{API}/search", json=asked)
        assert answer.status_code == 400 or not answer.json()["matches"], asked


def test_nothing_of_the_gate_can_be_changed(guests, ben, archive):
    guest = guests["supervisor"]
    log = archive.decisions().decisions
    for method, path, body in (
        ("POST", f"identities/{ben}/decisions", {"kind": "name", "text": "x"}),
        ("POST", "identities/1/decisions", {"kind": "merge", "others": [ben]}),
        ("POST", "identities/1/decisions", {"kind": "split", "sightings": [2]}),
        ("POST", f"decisions/{log[0].decision}/undo", None),
        ("POST", "forget", {"sightings": [2]}),
        ("POST", "forgettable", {"identity": ben}),
        ("POST", "forgettable", {"sightings": [1]}),
        ("DELETE", "footage/1", None),
        ("PATCH", "footage/1", {"camera": "yard"}),
        ("POST", "footage/1/again", None),
        ("PATCH", "cameras/gate", {"zone": "UTC"}),
        ("POST", "cases/theft/entries", {"sighting": 1}),
        ("POST", "cases/theft/entries", {"footage": 1, "begin": 0, "end": 1}),
        ("DELETE", "cases/theft/entries/1", None),
    ):
        answer = guest.request(method, f"{API}/{path}", json=body)
        assert answer.status_code in (400, 404), f"{method} {path}: {answer.status_code} {answer.text}"
        assert not NAMES.search(answer.text), path
    assert archive.decisions().decisions == log
    assert [one.sighting for one in archive.search().matches] == [3, 2, 1]
    assert len(archive.cases.show("theft").entries) == 2


def test_the_retention_of_a_guest_leaves_the_gate_alone(guests, archive):
    for camera in ("gate", "yard"):
        archive.set_camera(camera, keep_days=1)
    archive.cases.close("theft")
    result = guests["supervisor"].post(f"{API}/retention", json={"rehearse": False}).json()
    assert [one["camera"] for one in result["cameras"]] == ["yard"]
    assert [one.sighting for one in archive.search().matches] == [2, 1]


def test_a_case_with_more_than_they_may_see_is_no_evidence_of_theirs(guests):
    """A package that leaves things out without a word would be false evidence."""
    from tests.web.test_api import waited

    guest = guests["investigator"]
    assert [entry["sighting"] for entry in guest.get(f"{API}/cases/theft").json()["entries"]] == [3]
    job = waited(guest, guest.post(f"{API}/jobs", json={"kind": "export", "case": "theft"}))
    assert job["state"] == "failed"
    assert "cameras that you may not see" in job["error"]


def test_tables_that_others_exported_are_theirs(guests, browser, archive):
    from tests.web.test_api import waited

    admin = browser("admin")
    job = waited(admin, admin.post(f"{API}/jobs", json={"kind": "export"}))
    assert "gate" in admin.get(job["file"]).text
    assert guests["supervisor"].get(job["file"]).status_code == 404
    assert guests["supervisor"].get(f"{API}/jobs").json()["jobs"] == []
    own = waited(guests["supervisor"], guests["supervisor"].post(f"{API}/jobs", json={"kind": "export"}))
    assert "gate" not in guests["supervisor"].get(own["file"]).text
    assert admin.get(own["file"]).status_code == 200
    archive.accounts.set_role_cameras("supervisor", [])
    assert guests["supervisor"].get(own["file"]).status_code == 404, "a grant that was taken back"
