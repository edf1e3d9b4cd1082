"""Contact sheets of results, also where pictures are gone."""

import cv2
import numpy as np
import pytest

import surveil
from surveil.app.sheets import identity_sheet, search_sheet
from surveil.errors import QueryError

RED, BLUE = (20, 20, 220), (220, 40, 20)


@pytest.fixture
def database_url(seldom_database_url):
    return seldom_database_url


@pytest.fixture
def archive(tmp_path, filler, made_up):
    """Somebody in red at the gate, and in blue in the yard: one identity."""
    from surveil.store.media import MediaFolder
    from surveil.store.session import Database

    look = np.eye(1, 544, dtype=np.float32)[0]
    with Database.open(f"sqlite:///{tmp_path}/surveil.db") as database:
        fill = filler(database, MediaFolder(tmp_path / "media"))
        fill([made_up(0, 4, embedding=look, colour=RED)], camera="yard")
        fill([made_up(9, 11, embedding=look, colour=BLUE)], camera="gate")
    with surveil.open(f"sqlite:///{tmp_path}/surveil.db", media=tmp_path / "media") as opened:
        opened.cluster()
        yield opened


def where(sheet, colour):
    """The columns of a sheet in which a colour is, in pixels."""
    pixels = np.asarray(sheet.convert("RGB"), int)[..., ::-1]
    return np.flatnonzero((np.abs(pixels - colour).max(axis=2) < 12).sum(axis=0) > 20)


def test_a_search_shows_its_matches_in_their_order(archive):
    newest = search_sheet(archive.search(sort="newest"))
    oldest = search_sheet(archive.search(sort="oldest"))
    assert where(newest, BLUE).max() < where(newest, RED).min()
    assert where(oldest, RED).max() < where(oldest, BLUE).min()


def test_an_identity_is_shown_camera_by_camera(archive):
    sheet = identity_sheet(archive.identity(1))
    assert where(sheet, BLUE).size
    assert where(sheet, RED).size
    assert sheet.height > search_sheet(archive.search()).height  # the timeline stands above


def test_a_picture_that_is_gone_leaves_a_place_and_the_others_are_shown(archive):
    [yard, _] = archive.search(sort="oldest").matches
    assert yard.camera == "yard"
    before = search_sheet(archive.search())
    (archive.media.folder / yard.crop).unlink()
    sheet = search_sheet(archive.search())
    assert sheet.size == before.size
    assert where(sheet, BLUE).size
    assert not where(sheet, RED).size


def test_an_example_stands_first_and_one_that_is_gone_is_told(archive, tmp_path):
    picture = tmp_path / "person.png"
    cv2.imwrite(str(picture), np.full((100, 50, 3), (40, 200, 40), np.uint8))
    result = archive.search(like=["sighting:1"])
    sheet = search_sheet(result)
    assert sheet.width > 0
    [example] = result.understood.like
    gone = result.model_copy(
        update={
            "understood": result.understood.model_copy(
                update={"like": (example.model_copy(update={"picture": str(tmp_path / "gone.jpg"), "crop": None}),)}
            )
        }
    )
    with pytest.raises(QueryError, match=r"gone\.jpg.*Check the path"):
        search_sheet(gone)


def test_nobody_found_is_a_sheet_too(archive):
    assert search_sheet(archive.search(min_height=5000)).width > 100
