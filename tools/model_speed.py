"""`make model-speed`: what the models that ship cost on the CPU, and a plain ResNet34 in turns with them.

PEERS="FILE.xml ..." names networks of others, as `surveil evaluate` takes them, that take their turns too. The default
model is run in its own precision and in 8 bits.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from surveil.cli.output import write_table
from surveil.evaluation.peers import Peer
from surveil.model.checkpoint import SHIPPED_MODELS, Card
from surveil.model.embed import AppearanceModel
from surveil.model.network import build_network

PLAIN = "resnet34"
CROPS, ROUNDS = 256, 7
"""Crops at a time, and how often; the median round counts."""


def main() -> None:
    """Print a line per model."""
    models: dict[str, AppearanceModel | Peer] = {
        PLAIN: AppearanceModel(lambda: build_network(PLAIN), Card(PLAIN, PLAIN, (128, 64)), device="cpu")
    }
    for name in SHIPPED_MODELS:
        model = AppearanceModel.load(name, device="cpu")
        models[name] = model
        if model.card.quantised:
            models[f"{name}, 8 bits"] = AppearanceModel.load(name, device="cpu", runtime="openvino-int8")
    models |= {Path(file).stem: Peer.load(Path(file), "bgr255") for file in sys.argv[1:]}
    crops = list(np.random.default_rng(0).integers(0, 256, (CROPS, 128, 64, 3), np.uint8))
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in models}
    for _ in range(ROUNDS):
        for name, one in models.items():
            began, worked = time.perf_counter(), time.process_time()
            one.vectors(crops) if isinstance(one, Peer) else one.parts(crops)
            taken[name].append((time.perf_counter() - began, time.process_time() - worked))
    passed = {name: float(np.median([wall for wall, _ in times])) for name, times in taken.items()}
    busy = {name: float(np.median([cpu for _, cpu in times])) for name, times in taken.items()}
    columns = ("model", "input", "crops a second", "CPU ms per crop", f"CPU time, {PLAIN} = 1")
    rows = [
        (
            name,
            "{} x {}".format(*(model.input_size if isinstance(model, Peer) else model.card.input_size)),
            f"{CROPS / passed[name]:.0f}",
            f"{1000 * busy[name] / CROPS:.1f}",
            f"{busy[name] / busy[PLAIN]:.2f}",
        )
        for name, model in models.items()
    ]
    write_table(columns, rows, right=columns[2:])


if __name__ == "__main__":
    main()
