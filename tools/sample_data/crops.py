"""python -m tools.sample_data.crops --out DIR: crops of other people, for training.

Each person is shown by every camera, from other angles and in another pose each time. Files are named
NNNN_cC_KK.jpg (person, camera, number); attributes.json says what each person looks like.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from tools.sample_data.body import build_bodies
from tools.sample_data.cameras import CAMERAS, VirtualCamera
from tools.sample_data.cast import CastMember, make_actors
from tools.sample_data.looks import draw_attributes, look_of
from tools.sample_data.render import PosedBody, Renderer, box_of
from tools.sample_data.scene import build_place
from tools.sample_data.walk import pose, rotation, skin

AREAS = {"gate": ((-4.0, -13.0), (2.0, -7.5)), "hall": ((-2.5, -1.5), (4.0, 4.0)), "yard": ((-3.0, 9.5), (3.0, 15.0))}
"""Where people stand, per camera: two corners of the ground."""
TOGETHER = 6
SHOTS = 3
MIN_VISIBLE, MIN_HEIGHT = 0.6, 48


def main() -> None:
    """Draw the people, build their bodies in a process of their own, and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--people", type=int, default=240)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(arguments.seed)
    looks = {f"{n:04d}": look_of(draw_attributes(random), random) for n in range(1, arguments.people + 1)}
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        bodies = pool.submit(build_bodies, [look.phenotype for look in looks.values()]).result()
    renderer = Renderer(build_place(), (640, 360))
    pairs = iter(zip(looks, bodies, strict=True))
    while names := list(islice(pairs, TOGETHER)):
        actors = make_actors({name: looks[name] for name, _ in names}, [body for _, body in names])
        for index, camera in enumerate(CAMERAS.values(), start=1):
            for shot in range(SHOTS):
                _shoot(renderer, _moved(camera, random), list(actors.values()), random, arguments.out, (index, shot))
        for number in range(1, len(actors) + 1):
            renderer.forget(number)
    attributes = {name: look.attributes for name, look in looks.items()}
    (arguments.out / "attributes.json").write_text(json.dumps(attributes, indent=1) + "\n")


def _moved(camera: VirtualCamera, random: np.random.Generator) -> VirtualCamera:
    """The camera somewhere near, in another light and with another sensor."""
    moved = tuple(np.add(camera.position, random.uniform(-0.8, 0.8, 3)))
    sensor = dataclasses.replace(
        camera.sensor,
        cast=tuple(random.uniform(0.88, 1.12, 3)),
        contrast=float(random.uniform(0.75, 1.2)),
        blur=float(random.uniform(0.4, 1.2)),
        noise=float(random.uniform(1, 5)),
    )
    light = dataclasses.replace(camera.light, exposure=camera.light.exposure * float(random.uniform(0.7, 1.3)))
    return dataclasses.replace(camera, position=moved, field=float(random.uniform(26, 38)), sensor=sensor, light=light)


def _shoot(
    renderer: Renderer,
    camera: VirtualCamera,
    actors: list[CastMember],
    random: np.random.Generator,
    out: Path,
    labels: tuple[int, int],
) -> None:
    (x1, y1), (x2, y2) = AREAS[camera.name]
    people = []
    for number, actor in enumerate(actors, start=1):
        positions, normals = skin(
            actor.mesh, pose(actor.body, actor.look.gait, random.random(), float(random.random() < 0.85))
        )
        place = np.eye(4)
        place[:3, :3] = rotation(2, random.uniform(0, 360))
        place[:2, 3] = random.uniform(x1, x2), random.uniform(y1, y2)
        people.append(PosedBody(number, actor.mesh, positions, normals, place))
    shot = renderer.shoot(camera, people)
    picture = np.ascontiguousarray(camera.sensor.record(shot.picture, random)[:, :, ::-1])
    for number, actor in enumerate(actors, start=1):
        mask = shot.ids == number
        box = box_of(mask)
        if box is None or mask.sum() < MIN_VISIBLE * shot.whole[number][0] or box[3] - box[1] < MIN_HEIGHT:
            continue
        name = f"{actor.name}_c{labels[0]}_{labels[1]:02d}.jpg"
        cv2.imwrite(str(out / name), _cut(picture, box, random), [cv2.IMWRITE_JPEG_QUALITY, 92])


def _cut(picture: np.ndarray, box: tuple[int, int, int, int], random: np.random.Generator) -> np.ndarray:
    """As a detector would: a little off on every side."""
    height, width = box[3] - box[1], box[2] - box[0]
    off = random.uniform(-0.03, 0.08, 4) * (width, height, width, height)
    left, top = max(0, round(box[0] - off[0])), max(0, round(box[1] - off[1]))
    right, bottom = round(box[2] + off[2]), round(box[3] + off[3])
    return picture[top:bottom, left:right]


if __name__ == "__main__":
    main()
