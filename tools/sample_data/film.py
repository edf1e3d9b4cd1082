"""Filming one clip: render, record, encode, and note where everybody is."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from tools.sample_data.body import Body
from tools.sample_data.cameras import CAMERAS
from tools.sample_data.cast import CastMember, make_actors
from tools.sample_data.looks import Look
from tools.sample_data.render import PosedBody, Renderer, Shot, box_of
from tools.sample_data.scene import build_place
from tools.sample_data.story import StagedClip, Walk, step
from tools.sample_data.walk import pose, rotation, skin, stride_length

CYCLES_PER_SECOND = 0.92
MIN_PIXELS = 40
"""Of a person of whom fewer pixels are visible nothing is noted."""
MILLISECONDS = Fraction(1, 1000)


@dataclass(frozen=True)
class Visible:
    """A person in a frame: name, box of what is visible (pixels), and how much of the whole silhouette that is."""

    person: str
    box: tuple[int, int, int, int]
    visibility: float


def film(
    clip: StagedClip, looks: dict[str, Look], bodies: list[Body], path: Path, seed: int
) -> list[tuple[float, list[Visible]]]:
    """Write the clip as H.264; returns the seconds of each frame and who is visible in it."""
    actors = make_actors(looks, bodies)
    camera = CAMERAS[clip.camera]
    random = np.random.default_rng((seed, *clip.camera.encode()))
    renderer = Renderer(build_place(), camera.size)
    numbers = {name: index for index, name in enumerate(actors, start=1)}
    noted = []
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(clip.fps).limit_denominator(100))
        stream.width, stream.height = camera.size
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = MILLISECONDS
        stream.options = {"crf": "26", "preset": "slow", "bf": "0"}
        for seconds in _frame_times(clip, random):
            people = [standing for walk in clip.walks if (standing := _stand(walk, seconds, actors, numbers))]
            shot = renderer.shoot(camera, people)
            frame = av.VideoFrame.from_ndarray(camera.sensor.record(shot.picture, random), format="rgb24")
            frame.pts, frame.time_base = round(seconds * 1000), MILLISECONDS
            container.mux(stream.encode(frame))
            noted.append((seconds, _visible(shot, numbers)))
        container.mux(stream.encode())
    return noted


def _frame_times(clip: StagedClip, random: np.random.Generator) -> list[float]:
    """Milliseconds exactly; what the recorder loses comes singly and once as a gap of a second. The first one stays."""
    times = np.round(np.arange(round(clip.seconds * clip.fps)) / clip.fps, 3)
    if not clip.dropped:
        return times.tolist()
    kept = random.random(len(times)) >= clip.dropped
    gap = clip.seconds * 0.6
    kept &= (times < gap) | (times > gap + 1)
    kept[0] = True
    return times[kept].tolist()


def _stand(walk: Walk, seconds: float, actors: dict[str, CastMember], numbers: dict[str, int]) -> PosedBody | None:
    actor = actors[walk.person]
    length = stride_length(actor.body, actor.look.gait)
    now = step(walk, seconds, length * CYCLES_PER_SECOND)
    if now is None:
        return None
    # Everybody is in another phase of the walk, and in another one at each camera.
    phase = (now.walked / length + 0.37 * numbers[walk.person] + walk.starts) % 1
    positions, normals = skin(actor.mesh, pose(actor.body, actor.look.gait, phase, now.amount))
    place = np.eye(4)
    place[:3, :3] = rotation(2, np.degrees(now.heading))
    place[:2, 3] = now.place
    return PosedBody(numbers[walk.person], actor.mesh, positions, normals, place)


def _visible(shot: Shot, numbers: dict[str, int]) -> list[Visible]:
    seen = []
    for name, number in numbers.items():
        mask = shot.ids == number
        box = box_of(mask)
        if box is None or mask.sum() < MIN_PIXELS:
            continue
        whole, _ = shot.whole[number]
        seen.append(Visible(name, box, min(1.0, float(mask.sum()) / max(1, whole))))
    return seen
