"""python -m tools.sample_data [--seed N --out DIR]: make the sample footage and its ground truth."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from pathlib import Path

from tools.sample_data.body import build_bodies
from tools.sample_data.cast import SHIPPED_SEED, draw_looks
from tools.sample_data.film import Visible, film
from tools.sample_data.looks import Look
from tools.sample_data.story import CLIPS, StagedClip

HERE = Path(__file__).parents[2] / "sample_data"


def main() -> None:
    """Bodies first, in a process of their own (torch and the renderer do not share one well); then a process a clip."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=SHIPPED_SEED, help="another one makes other people")
    parser.add_argument("--out", type=Path, default=HERE)
    arguments = parser.parse_args()
    os.environ.setdefault("LP_NUM_THREADS", "1")
    (arguments.out / "footage").mkdir(parents=True, exist_ok=True)
    spawn = multiprocessing.get_context("spawn")
    looks = draw_looks(arguments.seed)
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        bodies = pool.submit(build_bodies, [look.phenotype for look in looks.values()]).result()
    with ProcessPoolExecutor(2, mp_context=spawn, max_tasks_per_child=1) as pool:
        footage = arguments.out / "footage"
        filmed = [pool.submit(film, clip, looks, bodies, footage / file_name(clip), arguments.seed) for clip in CLIPS]
        truth = _ground_truth(looks, [future.result() for future in filmed])
    (arguments.out / "ground_truth.json").write_text(truth)


def file_name(clip: StagedClip) -> str:
    """As a recorder would name it: by the camera and what the camera's clock says."""
    stamped = clip.starts_at - timedelta(seconds=clip.clock_offset)
    return f"{clip.camera}_{stamped:%Y%m%d-%H%M%S}.mp4"


def _ground_truth(looks: dict[str, Look], filmed: list[list[tuple[float, list[Visible]]]]) -> str:
    """JSON with a line per frame: {"seconds", "people": [[person, x1, y1, x2, y2, visibility], ...]}."""
    people = [{"person": name, "attributes": look.attributes} for name, look in looks.items()]
    cameras = []
    for clip, frames in zip(CLIPS, filmed, strict=True):
        head = {
            "camera": clip.camera,
            "file": f"footage/{file_name(clip)}",
            "started_at": clip.starts_at.isoformat(),
            "clock_offset": clip.clock_offset,
        }
        lines = [
            json.dumps({"seconds": seconds, "people": [[v.person, *v.box, round(v.visibility, 2)] for v in seen]})
            for seconds, seen in frames
        ]
        cameras.append(json.dumps(head)[:-1] + ', "frames": [\n' + ",\n".join(lines) + "\n]}")
    return (
        '{"people": [\n' + ",\n".join(map(json.dumps, people)) + '\n],\n"cameras": [\n' + ",\n".join(cameras) + "\n]}\n"
    )


if __name__ == "__main__":
    main()
