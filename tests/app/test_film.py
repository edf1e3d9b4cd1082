"""Looking at footage through the archive: frames, clips, and people cut out by hand."""

import shutil

import cv2
import numpy as np
import pytest

import surveil
from surveil.errors import FootageError, PictureError, QueryError


@pytest.fixture
def database_url(seldom_database_url):
    return seldom_database_url


@pytest.fixture
def archive(database, media, fill, made_up, sample_data, tmp_path):
    """Somebody in view of the sample footage from 4 to 6 s, who is described in no time."""
    [clip] = (sample_data / "footage").glob("gate_*.mp4")
    shutil.copy(clip, tmp_path / "gate.mp4")
    with surveil.open(database.url, media=media.folder, device="cpu") as opened:
        fill([made_up(4, 6)], camera="gate", path=tmp_path / "gate.mp4")
        fill([made_up(4, 6)], camera="yard")
        yield opened


def test_a_frame_and_a_clip_of_a_sighting(archive):
    still = archive.frame(1, 5.0)
    assert cv2.imdecode(np.frombuffer(still.content, np.uint8), 1).shape == (still.height, still.width, 3)
    assert still.seconds == pytest.approx(5.0, abs=0.1)
    clip = archive.clip(1)
    assert clip.start == pytest.approx(1.0, abs=0.1)  # three seconds before
    assert b"ftyp" in clip.content[:16]


def test_footage_that_is_gone_is_told(archive):
    with pytest.raises(FootageError, match="yard"):
        archive.frame(2)
    with pytest.raises(QueryError, match="no sighting has the number 77"):
        archive.clip(77)


def test_a_picture_that_is_handed_in_is_written_anew_without_what_it_carried(archive):
    from PIL import Image

    picture = Image.fromarray(np.full((3000, 1000, 3), 200, np.uint8))
    exif = Image.Exif()
    exif[0x010E] = "<script>secret place</script>"
    picture.save(archive.media.folder.parent / "in.jpg", exif=exif)
    example = archive.hand_in((archive.media.folder.parent / "in.jpg").read_bytes())
    kept = archive.handed_in(example)
    assert b"secret" not in kept.read_bytes()
    assert cv2.imread(str(kept)).shape == (1920, 640, 3)
    with pytest.raises(PictureError):
        archive.hand_in(b"<svg onload=alert(1)>")


@pytest.mark.parametrize("example", ["picture:../../surveil.db", "picture:" + "0" * 64, "person:"])
def test_only_names_of_kept_pictures_lead_to_files(archive, example):
    with pytest.raises(QueryError):
        archive.handed_in(example)


def test_a_box_on_a_frame_is_cut_out(archive):
    still = archive.frame(1, 5.0)
    cut = cv2.imread(str(archive.handed_in(archive.hand_in_box(1, 5.0, (0.5, 1.0, 0.25, 0.5)))))
    whole = cv2.imdecode(np.frombuffer(still.content, np.uint8), 1)
    height, width = whole.shape[:2]
    expected = whole[round(height * 0.5) :, round(width * 0.25) : round(width * 0.5)]
    assert cut.shape == expected.shape
    assert np.abs(cut.astype(int) - expected).mean() < 4
    with pytest.raises(QueryError, match="too small"):
        archive.hand_in_box(1, 5.0, (0.5, 0.5, 0.5, 0.5))
