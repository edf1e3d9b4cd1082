"""Vectors of tests' invention, and groupings to compare."""

import numpy as np


def directions(*degrees):
    """Unit vectors in the plane."""
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def random_unit(seed, n, size=8):
    """(n, size) of unit length, in all directions."""
    vectors = np.random.default_rng(seed).normal(size=(n, size))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def people(seed, count, pictures, size=32, spread=0.7):
    """(count * pictures, size) of unit length: so many pictures of each person, and (n,) whom they show."""
    rng = np.random.default_rng(seed)
    centres = random_unit(seed, count, size)
    ids = rng.permutation(np.repeat(np.arange(count), pictures))
    vectors = centres[ids] + spread * random_unit(seed + 1, len(ids), size)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), ids


def partition(groups):
    """The groups as sets of members."""
    return {frozenset(np.flatnonzero(groups == group).tolist()) for group in np.unique(groups)}
