"""Feature maps of a trunk that stays as it is, computed once and kept on disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from surveil.files import replace_file
from surveil.model.checkpoint import Card
from surveil.model.embed import as_images
from surveil.model.network import PersonNetwork
from training.datasets import PersonImages

BATCH_SIZE = 32


def store_feature_maps(
    network: PersonNetwork, card: Card, people: PersonImages, path: Path, *, report: Callable[[str], None] = print
) -> NDArray[np.float16]:
    """(N, 512, h, w) what the heads of a network see of each image, memory-mapped; goes on where it was killed.

    Args:
        network: In evaluation mode, on the CPU; its heads are not asked.
        card: Input size and normalisation.
        people: N images.
        path: NAME.npy; NAME.count beside it says how many are done.
        report: Is told a line now and then.
    """
    counter = path.with_suffix(".count")
    done = int(counter.read_text()) if counter.exists() else 0
    maps = open_memmap(path, "r+") if done else None
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (card.mean, card.std))
    while done < len(people):
        images = torch.from_numpy(as_images(list(people.images[done : done + BATCH_SIZE]), card.input_size))
        with torch.inference_mode():
            found = network.coarse(network.backbone((images - mean) / std)).numpy()
        if maps is None:
            path.parent.mkdir(parents=True, exist_ok=True)
            maps = open_memmap(path, "w+", np.float16, (len(people), *found.shape[1:]))
        maps[done : done + len(found)] = found
        maps.flush()
        done += len(found)
        replace_file(counter, str(done).encode())
        if done // BATCH_SIZE % 20 == 0:
            report(f"{path.stem}: {done} of {len(people)} feature maps")
    assert maps is not None, "no images"
    return maps
