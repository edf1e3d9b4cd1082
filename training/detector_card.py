"""The card of the person detector: what it is made from, and what was measured."""

from __future__ import annotations

import dataclasses
from dataclasses import asdict
from pathlib import Path

from surveil.people.checkpoint import DetectorCard, load_detector, save_detector
from training.detector import DetectorRecipe

LABELS = (
    "Annotated pictures (coco256: COCO, nobody in 122 of 256; capston2_indoor: offices and a lobby; capston2_walk: "
    "taken while walking, hazy or dark), and frames of fixed cameras, labelled by the mean score of a YOLOX-Nano "
    "(Apache-2.0) and a YOLOv8n (AGPL-3.0), both of COCO, on overlapping tiles. Doubtful boxes are painted grey and "
    "count for nothing."
)
VALIDATION = (
    "A third of the pictures of coco256 and capston2_walk, by the hash of their names; of capston2_indoor a lobby and "
    "an open-plan office, whole; the last quarter of every clip. Clips not among the data were never trained on. "
    "The network that training started from saw COCO, so figures on coco256 flatter."
)
TERMS = (
    "coco256: annotations CC BY 4.0, pictures under the terms of their owners on Flickr. capston2: CC BY 4.0 by its "
    "uploader, origin unknown. The clips are two Intel sample videos, one CC BY 4.0; measured besides: PETS 2009 S2.L1 "
    "view 1 (research) and a grey clip of a plaza of unclear terms. No picture of them is part of this project."
)
LIMITS = (
    "Few scenes were seen: expect to miss more people in other places, at night, in infrared, in fisheye views, seated "
    "or lying, in dense crowds, behind others, and below about 20 pixels of height after scaling. Parts of a body at "
    "the edge of a picture may or may not be found. It finds people; it does not tell them apart or say what they do."
)


def new_card(name: str, architecture: str, start: str, recipe: DetectorRecipe, data: dict[str, float]) -> DetectorCard:
    """The card of a detector that is being fine-tuned.

    Args:
        name: How it is called.
        architecture: One of those that a card may name.
        start: Words for the weights that it starts from.
        recipe: How it is trained.
        data: Where pictures come from, and how often they were drawn from each.
    """
    return DetectorCard(
        name=name,
        architecture=architecture,
        classes=("person",),
        image_size=recipe.image_size,
        start=start,
        training={"recipe": asdict(recipe), "data": data, "labels": LABELS, "validation": VALIDATION, "terms": TERMS},
        limits=LIMITS,
    )


def record_metrics(weights: Path, metrics: dict[str, dict[str, float]]) -> DetectorCard:
    """Add what was measured to the card of a detector."""
    network, card = load_detector(weights)
    return save_detector(weights, network, dataclasses.replace(card, metrics=card.metrics | metrics))
