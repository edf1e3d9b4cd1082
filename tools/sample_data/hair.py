"""Hair and hats: caps over the scalp, the model's own long-hair helper, and brims."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tools.sample_data.body import BONES, Body
from tools.sample_data.looks import Look
from tools.sample_data.mesh import Mesh, compact, make, vertex_normals

HEAD = BONES.index("head")


@dataclass(frozen=True)
class _Skull:
    """Where the head is: the point between the eyes, and the distance from there to the crown."""

    eyes: np.ndarray
    size: float


def head_of_hair(body: Body, look: Look) -> list[Mesh]:
    """Hair, and the hat over it."""
    eyes = np.concatenate([body.vertices[np.unique(body.triangles[f"helper-{side}-eye"])] for side in ("l", "r")])
    skull = _Skull(eyes.mean(axis=0), body.height - eyes[:, 2].mean())
    thin = 0.006 if look.hat else 0.016 if look.attributes["gender"] == "male" else 0.02
    meshes = [_cap(body, skull, look.hair, thin, forehead=0.62, nape=-0.55)]
    if look.attributes["hair"] == "long":
        meshes.append(_long_hair(body, skull, look))
    if look.hat:
        level = 0.42 if look.hat != "beanie" else 0.3
        meshes.append(_cap(body, skull, look.hat_material, 0.03, forehead=level + 0.05, nape=level - 0.35))
        if look.hat != "beanie":
            meshes.append(_brim(skull, look))
    return meshes


def _cap(body: Body, skull: _Skull, material, push: float, forehead: float, nape: float) -> Mesh:
    """The scalp above a line from `forehead` to `nape`, both in head sizes above the eyes, pushed out."""
    used, triangles = compact(body.triangles["body"])
    points = body.vertices[used]
    back = (points[:, 1] - skull.eyes[1]) / (1.65 * skull.size)
    line = skull.eyes[2] + skull.size * (forehead + (nape - forehead) * np.clip(back, 0, 1.2))
    keep = np.where(body.bone("head")[used] > 0.5, points[:, 2] - line, -1)
    inside = (keep[triangles] > -0.03).any(axis=1)
    part, triangles = compact(triangles[inside])
    points = points[part]
    centre = skull.eyes + np.array([0, 0.85, 0.25]) * skull.size
    outward = points - centre
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    normals = vertex_normals(points, triangles)
    away = outward * 0.8 + normals * 0.2
    return make(
        points + away * push * np.clip(keep[part] / 0.03, 0.3, 1)[:, None],
        triangles,
        material,
        body.weights[used][part],
        keep[part],
    )


def _long_hair(body: Body, skull: _Skull, look: Look) -> Mesh:
    used, triangles = compact(body.triangles["helper-hair"])
    points = body.vertices[used]
    points = points + vertex_normals(points, triangles) * 0.006
    end = skull.eyes[2] - skull.size * 1.3 - look.hair_reach
    return make(points, triangles, look.hair, body.weights[used], points[:, 2] - end)


def _brim(skull: _Skull, look: Look) -> Mesh:
    """A flat ring: all round, or in front only for a cap."""
    around = np.linspace(0, 2 * np.pi, 33)
    centre = skull.eyes + np.array([0, 0.8, 0.42]) * skull.size
    front = np.clip(-np.cos(around), 0, 1) if look.hat == "cap" else np.ones_like(around)
    rings = []
    for reach, drop in ((0.55, 0.0), (1.0 + 0.75 * front, -0.12 * front)):
        reach = np.broadcast_to(reach, around.shape) * skull.size
        rings.append(
            centre
            + np.stack(
                [
                    np.sin(around) * reach * 0.85,
                    np.cos(around) * reach,
                    np.broadcast_to(drop, around.shape) * skull.size,
                ],
                1,
            )
        )
    top = np.concatenate(rings)
    count = len(around)
    first = np.arange(count - 1)
    triangles = np.concatenate(
        [np.stack([first, first + count, first + count + 1], 1), np.stack([first, first + count + 1, first + 1], 1)]
    )
    both = np.concatenate([top, top - (0, 0, 0.006)])
    return make(both, np.concatenate([triangles, triangles[:, ::-1] + 2 * count]), look.hat_material, HEAD)
