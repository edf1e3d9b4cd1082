"""python -m training detector label | fit | average | evaluate."""

from __future__ import annotations

from pathlib import Path

import click

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
LABELS = click.Path(exists=True, path_type=Path)
MIN_SCORE = 0.05
"""Below this nothing is measured."""


@click.group()
def detector() -> None:
    """Make and measure the person detector."""


@detector.command()
@click.argument("clips", nargs=-1, required=True, type=FILE)
@click.option(
    "--reference",
    "references",
    required=True,
    multiple=True,
    type=FILE,
    help="A YOLOX or YOLOv8 network (ONNX) that labels; of several, their mean score counts.",
)
@click.option("--every", default=8, show_default=True, type=click.IntRange(min=1), help="Label every Nth frame.")
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="A folder per clip here.")
def label(clips: tuple[Path, ...], references: tuple[Path, ...], every: int, out: Path) -> None:
    """Label frames of CLIPS; the last quarter of each clip is kept for validation.

    Example: python -m training detector label footage/*.mp4 --reference yolox_nano.onnx --out labels
    """
    from training.detector_labels import ReferenceDetector, label_clip

    networks = [ReferenceDetector(reference) for reference in references]
    for clip in clips:
        images = label_clip(clip, networks, every, out / clip.stem)
        people, doubtful = (sum(len(getattr(image, name)) for image in images) for name in ("boxes", "ignore"))
        click.echo(f"{clip.name}: {len(images)} frames, {people} people, {doubtful} doubtful regions")


@detector.command()
@click.argument("labels", nargs=-1, required=True, type=LABELS)
@click.option("--start", required=True, type=FILE, help="Weights to start from: see training/detector_start.py.")
@click.option("--weight", "weights", multiple=True, type=float, help="How often to draw from a set; one per LABELS.")
@click.option("--steps", type=click.IntRange(min=1), help="Optimiser steps, if not the recipe's.")
@click.option("--image-size", type=click.IntRange(min=64), help="Side of training pictures, if not the recipe's.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="NAME.safetensors.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda.")
def fit(
    labels: tuple[Path, ...],
    start: Path,
    weights: tuple[float, ...],
    steps: int | None,
    image_size: int | None,
    out: Path,
    device: str,
) -> None:
    """Fine-tune a detector on the training parts of LABELS: folders that `label` wrote, and zips of annotated pictures.

    A run that was killed goes on from the .state file beside its output when the same command is given again.

    Example: python -m training detector fit labels/* coco256.zip --start best.pt --out runs/person_detector.safetensors
    """
    from surveil.device import resolve_device
    from surveil.people.checkpoint import save_detector
    from training.detector import DetectorRecipe, fine_tune
    from training.detector_card import new_card
    from training.detector_data import Mosaics
    from training.detector_sets import load_pictures
    from training.detector_start import start_network

    if weights and len(weights) != len(labels):
        raise click.UsageError(f"{len(labels)} sets of labels, but {len(weights)} weights.")
    given = {"steps": steps, "image_size": image_size}
    recipe = DetectorRecipe(**{name: value for name, value in given.items() if value})
    weights = weights or (1.0,) * len(labels)
    mosaics = Mosaics([load_pictures(path, "train") for path in labels], weights, recipe.image_size, recipe.seed)
    network, architecture, origin = start_network(start)
    out.parent.mkdir(parents=True, exist_ok=True)
    mean = fine_tune(
        network,
        mosaics,
        recipe,
        device=resolve_device(device),
        report=click.echo,
        state=out.with_suffix(".state"),
    )
    data = {path.stem: weight for path, weight in zip(labels, weights, strict=True)}
    save_detector(out, mean, new_card(out.stem, architecture, origin, recipe, data))


@detector.command()
@click.argument("first", type=FILE)
@click.argument("second", type=FILE)
@click.option("--share", default=0.5, show_default=True, type=click.FloatRange(0, 1), help="Of SECOND, 0 to 1.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="NAME.safetensors.")
def average(first: Path, second: Path, share: float, out: Path) -> None:
    """Average the weights of FIRST, a start, and SECOND, a detector that was fine-tuned from it.

    Example: python -m training detector average yolov8n.onnx runs/tuned.safetensors --out runs/mean.safetensors
    """
    from dataclasses import replace

    from surveil.people.checkpoint import load_detector, save_detector
    from training.detector import average_detectors
    from training.detector_start import start_network

    network, card = load_detector(second)
    mean = average_detectors(start_network(first)[0], network, share)
    training = card.training | {"average": f"{share} of the fine-tuned weights, {1 - share:g} of {first.stem}"}
    save_detector(out, mean, replace(card, name=out.stem, training=training))


@detector.command()
@click.argument("labels", nargs=-1, required=True, type=LABELS)
@click.option("--weights", type=FILE, help="Detector to measure, if not the shipped one.")
@click.option("--trust-detector", is_flag=True, help="Allow weights that are a pickle.")
@click.option("--image-size", default=960, show_default=True, help="Longer side of the network's input in pixels.")
@click.option("--min-score", default=0.25, show_default=True, help="Least score of a detection.")
@click.option("--part", default="validation", show_default=True, type=click.Choice(["train", "validation", "all"]))
@click.option("--record", is_flag=True, help="Write what was measured into the detector's card.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda.")
def evaluate(
    labels: tuple[Path, ...],
    weights: Path | None,
    trust_detector: bool,
    image_size: int,
    min_score: float,
    part: str,
    record: bool,
    device: str,
) -> None:
    """Recall, precision (IoU 0.5) and boxes per empty picture of LABELS: folders that `label` wrote, and zips.

    Example: python -m training detector evaluate labels/* coco256.zip
    """
    import math
    import time

    from surveil.people.checkpoint import SHIPPED
    from surveil.people.detect import PersonDetector
    from training.detector_card import record_metrics
    from training.detector_metrics import find_all, measure, recall_at_precision
    from training.detector_sets import load_pictures

    detector = PersonDetector.load(
        weights, device=device, image_size=image_size, min_score=MIN_SCORE, trust=trust_detector
    )
    metrics = {}
    for path in labels:
        pictures = load_pictures(path, None if part == "all" else part)
        started = time.monotonic()
        found = find_all(detector, pictures)
        seconds = (time.monotonic() - started) / len(pictures)
        result = measure(found, pictures, min_score).figures()
        result["recall at precision 0.8"] = round(recall_at_precision(found, pictures, 0.8)[0], 3)
        known = {name: value for name, value in result.items() if not math.isnan(value)}
        metrics[f"{path.stem} ({part}), image size {image_size}, score {min_score}"] = known
        figures = ", ".join(f"{name} {value:g}" for name, value in known.items())
        click.echo(f"{path.stem}: {figures}; {seconds:.3f} s/picture")
    if record:
        record_metrics(weights or SHIPPED, metrics)
