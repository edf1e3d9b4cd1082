"""Teachers: what better networks say of every picture and of its mirror image, computed once and kept on disk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from surveil.attributes import OUTPUTS
from surveil.errors import CheckpointError
from surveil.evaluation.peers import Peer, is_peer
from surveil.files import replace_file
from surveil.model.checkpoint import load_card
from surveil.model.embed import AppearanceModel, l2_normalize
from surveil.types import Floats, Image
from training.datasets import Lessons, PersonImages

BLOCK = 256
"""Pictures between two marks of how far a teacher is."""


def ask_teachers(
    teachers: Sequence[Path], people: PersonImages, folder: Path, name: str, *, report: Callable[[str], None] = print
) -> Lessons:
    """Have every teacher look at all pictures and at their mirror images; goes on where it was killed.

    The lesson of a picture is the mean of both, which is better than either and holds for both.

    Args:
        teachers: Checkpoints (.safetensors), or networks of other runtimes that map crops to vectors (.onnx, .xml).
        people: N pictures of any size.
        folder: Keeps the answers, a file for each teacher and set.
        name: Of the set.
        report: Is told a line now and then.

    Raises:
        CheckpointError: A teacher cannot be used, or none of them tells attributes.
    """
    embeddings, attributes = [], []
    for path in teachers:
        answers = _answers(path, people, folder, name, report)
        if not is_peer(path):
            answers, told = np.split(answers, [-OUTPUTS], axis=-1)
            attributes.append(told.mean(axis=0))
        embeddings.append(l2_normalize(l2_normalize(answers).mean(axis=0)))
    if not attributes:
        raise CheckpointError("tells no attributes", teachers[0], "Give a checkpoint of ours as a teacher, too.")
    joined = np.concatenate(embeddings, axis=1)
    used = np.abs(joined).max(axis=0) > 0  # the second half of some embeddings is empty
    return Lessons(l2_normalize(joined[:, used]), np.mean(attributes, axis=0))


def _answers(
    path: Path, people: PersonImages, folder: Path, name: str, report: Callable[[str], None]
) -> NDArray[np.float32]:
    """(2, N, D) vectors; of a checkpoint, features and behind them the 32 probabilities."""
    ask = _load(path)
    file = folder / f"{name}-{path.stem}-{teacher_sha256(path)[:8]}.npy"
    counter = file.with_suffix(".count")
    done = int(counter.read_text()) if counter.exists() else 0
    stored = open_memmap(file, "r+") if done else None
    while done < len(people):
        pictures = list(people.images[done : done + BLOCK])
        found = np.stack([ask(pictures), ask([np.ascontiguousarray(picture[:, ::-1]) for picture in pictures])])
        if stored is None:
            folder.mkdir(parents=True, exist_ok=True)
            stored = open_memmap(file, "w+", np.float16, (2, len(people), found.shape[2]))
        stored[:, done : done + len(pictures)] = found
        stored.flush()
        done += len(pictures)
        replace_file(counter, str(done).encode())
        report(f"{path.stem} has seen {done} of {len(people)} pictures of {name}")
    assert stored is not None, "no pictures"
    return np.asarray(stored, np.float32)


def teacher_sha256(path: Path) -> str:
    """What tells one teacher from another.

    Raises:
        CheckpointError: It cannot be read.
    """
    return Peer.load(path, "bgr255").sha256 if is_peer(path) else load_card(path).sha256


def _load(path: Path) -> Callable[[list[Image]], Floats]:
    """What a teacher answers to N pictures."""
    if is_peer(path):
        return Peer.load(path, "bgr255").vectors
    model = AppearanceModel.load(path)
    return lambda pictures: np.concatenate(model.parts(pictures), axis=1)
