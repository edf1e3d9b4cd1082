"""python -m training detector label | fit | evaluate."""

from __future__ import annotations

from pathlib import Path

import click

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


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
@click.argument("labels", nargs=-1, required=True, type=FOLDER)
@click.option("--start", required=True, type=FILE, help="Weights to start from: see training/detector.py.")
@click.option("--weight", "weights", multiple=True, type=float, help="How often to draw from a folder; one per LABELS.")
@click.option("--steps", type=click.IntRange(min=1), help="Optimiser steps, if not the recipe's.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="NAME.safetensors.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda.")
def fit(
    labels: tuple[Path, ...], start: Path, weights: tuple[float, ...], steps: int | None, out: Path, device: str
) -> None:
    """Fine-tune a detector on the training parts of LABELS (folders that `label` wrote).

    Example: python -m training detector fit labels/* --start best.pt --out runs/person_detector.safetensors
    """
    from surveil.device import resolve_device
    from surveil.people.checkpoint import save_detector
    from training.detector import DetectorRecipe, fine_tune, new_card, start_network
    from training.detector_data import Mosaics, load_pictures

    if weights and len(weights) != len(labels):
        raise click.UsageError(f"{len(labels)} folders of labels, but {len(weights)} weights.")
    recipe = DetectorRecipe(steps=steps) if steps else DetectorRecipe()
    weights = weights or (1.0,) * len(labels)
    mosaics = Mosaics([load_pictures(folder, "train") for folder in labels], weights, recipe.image_size, recipe.seed)
    data = {folder.name: weight for folder, weight in zip(labels, weights, strict=True)}
    card = new_card(out.stem, recipe, start, data)
    fine_tune(
        start_network(start),
        mosaics,
        recipe,
        device=resolve_device(device),
        report=click.echo,
        keep=lambda network: save_detector(out, network, card),
    )


@detector.command()
@click.argument("labels", nargs=-1, required=True, type=FOLDER)
@click.option("--weights", type=FILE, help="Detector to measure, if not the shipped one.")
@click.option("--trust-detector", is_flag=True, help="Allow weights that are a pickle.")
@click.option("--image-size", default=640, show_default=True, help="Longer side of the network's input in pixels.")
@click.option("--min-score", default=0.25, show_default=True, help="Least score of a detection.")
@click.option("--record", is_flag=True, help="Write what was measured into the detector's card.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda.")
def evaluate(
    labels: tuple[Path, ...], weights: Path | None, trust_detector: bool, image_size: int, min_score: float,
    record: bool, device: str,
) -> None:  # fmt: skip
    """Recall and precision at IoU 0.5 on the validation parts of LABELS (folders with a labels.json).

    Example: python -m training detector evaluate labels/*
    """
    import time

    from surveil.device import resolve_device
    from surveil.people.checkpoint import SHIPPED
    from surveil.people.detect import PersonDetector
    from training.detector import evaluate_detector, record_metrics
    from training.detector_data import load_pictures

    measured = PersonDetector.load(
        weights, device=resolve_device(device), image_size=image_size, min_score=min_score, trust=trust_detector
    )
    parts = {folder.name: load_pictures(folder, "validation") for folder in labels}
    click.echo(f"{'':24}{'pictures':>9}{'people':>8}{'recall':>8}{'precision':>11}{'s/picture':>11}")
    metrics: dict[str, dict[str, float]] = {}
    for name, pictures in parts.items():
        started = time.monotonic()
        result = evaluate_detector(measured, pictures)
        seconds = (time.monotonic() - started) / len(pictures)
        metrics[f"{name}, image size {image_size}, score {min_score}"] = {
            "pictures": len(pictures),
            "people": result.matched + result.missed,
            "recall": round(result.recall, 3),
            "precision": round(result.precision, 3),
        }
        click.echo(
            f"{name:24}{len(pictures):9}{result.matched + result.missed:8}{result.recall:8.3f}"
            f"{result.precision:11.3f}{seconds:11.3f}"
        )
    if record:
        record_metrics(weights or SHIPPED, metrics)
