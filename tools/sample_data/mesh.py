"""Triangle meshes with what the shader needs to know at every vertex, and the few solids everything is built of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from tools.sample_data.body import BONES

CARRIED = len(BONES)
"""The weight column of what hangs from the hand: it follows the hand but stays upright."""


class Kind(IntEnum):
    """How the shader colours a surface; numbers as in shaders.py."""

    PLAIN = 0
    CLOTH = 1
    STRIPES = 2
    PINSTRIPES = 3
    CHECKS = 4
    PRINT = 5
    HAIR = 6
    BLOCKS = 7
    FLOWERS = 8
    BRICK = 20
    PAVING = 21
    PLASTER = 22
    GLASS = 23
    GRASS = 24
    TILES = 25
    PLANKS = 26


@dataclass
class Mesh:
    """Attributes: arrays of V vertices; `surface` is (kind, pattern scale, keep, gloss), cut away where keep < 0."""

    positions: np.ndarray
    normals: np.ndarray
    weights: np.ndarray
    colours: np.ndarray
    seconds: np.ndarray
    surface: np.ndarray
    triangles: np.ndarray


@dataclass(frozen=True)
class Material:
    """A surface's kind, linear RGB colours (the second one is for patterns), pattern scale per metre, and gloss."""

    kind: Kind
    colour: tuple[float, float, float]
    second: tuple[float, float, float] = (0.5, 0.5, 0.5)
    scale: float = 1.0
    gloss: float = 0.0


def make(positions, triangles, material: Material, weights=None, keep=None) -> Mesh:
    """A mesh of one material; `weights` (V, bones) or a bone column that carries all of it."""
    count = len(positions)
    full = np.zeros((count, len(BONES) + 1), np.float32)
    if isinstance(weights, int):
        full[:, weights] = 1
    elif weights is not None:
        full[:, : weights.shape[1]] = weights
    surface = np.empty((count, 4), np.float32)
    surface[:] = (material.kind, material.scale, 1.0, material.gloss)
    if keep is not None:
        surface[:, 2] = keep
    return Mesh(
        np.asarray(positions, np.float32),
        vertex_normals(positions, triangles),
        full,
        np.tile(np.asarray(material.colour, np.float32), (count, 1)),
        np.tile(np.asarray(material.second, np.float32), (count, 1)),
        surface,
        np.asarray(triangles, np.int32),
    )


def merge_meshes(meshes: list[Mesh]) -> Mesh:
    """All meshes as one."""
    offsets = np.cumsum([0] + [len(mesh.positions) for mesh in meshes[:-1]])
    triangles = np.concatenate([mesh.triangles + offset for mesh, offset in zip(meshes, offsets, strict=True)])
    names = ("positions", "normals", "weights", "colours", "seconds", "surface")
    return Mesh(*(np.concatenate([getattr(mesh, name) for mesh in meshes]) for name in names), triangles)


def vertex_normals(positions: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """(V, 3) unit normals, area weighted."""
    corners = positions[triangles]
    faces = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = np.zeros_like(positions, dtype=np.float32)
    for corner in range(3):
        np.add.at(normals, triangles[:, corner], faces)
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)


def compact(triangles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The vertices the triangles use, and the triangles renumbered to them."""
    used, renumbered = np.unique(triangles, return_inverse=True)
    return used, renumbered.reshape(-1, 3)


def box(low, high) -> tuple[np.ndarray, np.ndarray]:
    """Positions and triangles of a box with sharp edges."""
    positions, triangles = [], []
    low, high = np.asarray(low, float), np.asarray(high, float)
    for axis in range(3):
        for side in (0, 1):
            u, v = (axis + 1) % 3, (axis + 2) % 3
            corners = np.zeros((4, 3))
            corners[:, axis] = (low, high)[side][axis]
            corners[:, u] = [low[u], high[u], high[u], low[u]]
            corners[:, v] = [low[v], low[v], high[v], high[v]]
            order = corners if side else corners[::-1]
            first = len(positions)
            positions.extend(order)
            triangles += [[first, first + 1, first + 2], [first, first + 2, first + 3]]
    return np.array(positions), np.array(triangles)


def rounded_box(centre, size, roundness=0.35, steps=14) -> tuple[np.ndarray, np.ndarray]:
    """A superellipsoid: a box with soft edges, as bags have."""
    latitude, longitude = np.meshgrid(
        np.linspace(-np.pi / 2, np.pi / 2, steps), np.linspace(-np.pi, np.pi, 2 * steps), indexing="ij"
    )

    def power(value):
        return np.sign(value) * np.abs(value) ** roundness

    points = np.stack(
        [
            power(np.cos(latitude)) * power(np.cos(longitude)),
            power(np.cos(latitude)) * power(np.sin(longitude)),
            power(np.sin(latitude)),
        ],
        axis=-1,
    )
    return points.reshape(-1, 3) * np.asarray(size) / 2 + np.asarray(centre), _grid(steps, 2 * steps)


def tube(points, radius, sides=8) -> tuple[np.ndarray, np.ndarray]:
    """A round tube along (N, 3) points; `radius` one number or one per point."""
    points = np.asarray(points, float)
    along = np.gradient(points, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    aside = np.cross(along, np.where(np.abs(along[:, 2:]) > 0.9, [[1.0, 0, 0]], [[0, 0, 1.0]]))
    aside /= np.linalg.norm(aside, axis=1, keepdims=True)
    over = np.cross(along, aside)
    turn = np.linspace(0, -2 * np.pi, sides + 1)
    ring = np.cos(turn)[None, :, None] * aside[:, None] + np.sin(turn)[None, :, None] * over[:, None]
    radii = np.broadcast_to(np.asarray(radius, float), len(points))
    return (points[:, None] + ring * radii[:, None, None]).reshape(-1, 3), _grid(len(points), sides + 1)


def _grid(rows: int, columns: int) -> np.ndarray:
    first = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    return np.concatenate(
        [
            np.stack([first, first + 1, first + columns + 1], 1),
            np.stack([first, first + columns + 1, first + columns], 1),
        ]
    )
