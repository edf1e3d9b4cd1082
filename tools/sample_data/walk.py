"""A walk: periodic joint curves on the small skeleton, and the skinning that moves a mesh with them.

Angles are degrees about the axes of the rest pose (x to the person's left, y backwards, z up); forward is -y.
The curves follow the shape of textbook gait data: hip 30 to -15, knee with a small bump when the foot takes the
weight and a large one in swing, ankle pushing off at 60 % of the cycle. Phase 0 is the left heel's strike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tools.sample_data.body import BONES, Body
from tools.sample_data.mesh import CARRIED, Mesh

PARENTS = {
    "root": None, "spine04": "root", "spine02": "spine04", "neck01": "spine02", "head": "neck01",
    "clavicle": "spine02", "upperarm01": "clavicle", "lowerarm01": "upperarm01", "wrist": "lowerarm01",
    "upperleg01": "root", "lowerleg01": "upperleg01", "foot": "lowerleg01", "toe1-1": "foot",
}  # fmt: skip


@dataclass(frozen=True)
class Gait:
    """How a person walks: amplitudes relative to the textbook, and what posture they keep."""

    stride: float = 1.0
    arms: float = 1.0
    lean: float = 3.0
    stoop: float = 0.0
    spread: float = 9.0
    still_arm: str = ""


def rotation(axis: int, degrees: float) -> np.ndarray:
    """(3, 3) rotation about a coordinate axis."""
    angle = np.radians(degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    matrix = np.eye(3)
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix[first, first] = matrix[second, second] = cos
    matrix[first, second], matrix[second, first] = -sin, sin
    return matrix


def stride_length(body: Body, gait: Gait) -> float:
    """Metres covered by one cycle of two steps."""
    leg = body.joints["upperleg01.L"][2]
    return 2 * leg * gait.stride * (np.sin(np.radians(28)) + np.sin(np.radians(16)))


def pose(body: Body, gait: Gait, phase: float, amount: float) -> np.ndarray:
    """(len(BONES) + 1, 3, 4) skinning transforms at a phase; `amount` 0 stands, 1 walks."""
    turns = _trunk(gait, phase, amount)
    for side, offset in (("L", 0.0), ("R", 0.5)):
        turns |= _leg(side, (phase + offset) % 1, amount * gait.stride)
        turns |= _arm(body, gait, side, (phase + offset + 0.5) % 1, amount)
    transforms: dict[str, np.ndarray] = {}
    for bone in BONES:
        stem, dot, side = bone.partition(".")
        parent = PARENTS[stem]
        local = _about(turns.get(bone, np.eye(3)), body.joints[bone])
        if parent is None:
            transforms[bone] = local
            continue
        above = transforms.get(parent + dot + side)
        transforms[bone] = (above if above is not None else transforms[parent]) @ local
    carried = _about(rotation(0, 6 * amount * np.sin(2 * np.pi * phase)), body.joints["wrist.R"])
    hand = transforms["wrist.R"] @ np.append(body.joints["wrist.R"], 1)
    carried[:3, 3] += hand[:3] - body.joints["wrist.R"]
    return np.stack([transforms[bone] for bone in BONES] + [carried])[:, :3]


def skin(mesh: Mesh, transforms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positions and normals of the mesh moved by the transforms, its lowest point on the ground."""
    matrices = (mesh.weights @ transforms.reshape(CARRIED + 1, 12).astype(np.float32)).reshape(-1, 3, 4)
    positions = np.einsum("vij,vj->vi", matrices[:, :, :3], mesh.positions) + matrices[:, :, 3]
    normals = np.einsum("vij,vj->vi", matrices[:, :, :3], mesh.normals)
    positions[:, 2] -= positions[mesh.surface[:, 2] > 0, 2].min()
    return positions, normals


def _about(turn: np.ndarray, point: np.ndarray) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, :3] = turn
    matrix[:3, 3] = point - turn @ point
    return matrix


def _trunk(gait: Gait, phase: float, amount: float) -> dict[str, np.ndarray]:
    swing = np.sin(2 * np.pi * (phase + 0.25)) * amount
    return {
        "root": rotation(2, -5 * swing) @ rotation(1, 2.5 * np.sin(2 * np.pi * phase) * amount),
        "spine04": rotation(0, gait.lean + 0.5 * gait.stoop) @ rotation(2, 4 * swing),
        "spine02": rotation(0, 0.5 * gait.stoop) @ rotation(2, 5 * swing),
        "neck01": rotation(0, 0.3 * gait.stoop) @ rotation(2, -3 * swing),
        "head": rotation(0, -gait.lean - 0.9 * gait.stoop),
    }


def _leg(side: str, phase: float, amount: float) -> dict[str, np.ndarray]:
    def bump(centre: float, width: float) -> float:
        distance = (phase - centre + 0.5) % 1 - 0.5
        return float(np.exp(-((distance / width) ** 2)))

    hip = amount * (7 + 22 * np.cos(2 * np.pi * (phase + 0.04)))
    knee = amount * (4 + 13 * bump(0.13, 0.09) + 56 * bump(0.73, 0.12)) + 2
    ankle = amount * (8 * bump(0.42, 0.15) - 18 * bump(0.63, 0.08))
    toes = amount * 28 * bump(0.58, 0.07)
    return {
        f"upperleg01.{side}": rotation(0, -hip) @ rotation(1, 4.5 if side == "L" else -4.5),
        f"lowerleg01.{side}": rotation(0, knee),
        f"foot.{side}": rotation(0, -ankle),
        f"toe1-1.{side}": rotation(0, -toes),
    }


def _arm(body: Body, gait: Gait, side: str, phase: float, amount: float) -> dict[str, np.ndarray]:
    shoulder, elbow, wrist = (body.joints[f"{bone}.{side}"] for bone in ("upperarm01", "lowerarm01", "wrist"))
    upper, lower = elbow - shoulder, wrist - elbow
    sign = 1 if side == "L" else -1
    down = rotation(1, sign * (np.degrees(np.arctan2(abs(upper[0]), -upper[2])) - gait.spread))
    hang = down @ rotation(0, np.degrees(np.arctan2(-upper[1], -upper[2])))
    bent = hang @ lower
    free = amount * gait.arms * (0.25 if gait.still_arm == side else 1.0)
    swing = free * 24 * np.cos(2 * np.pi * phase)
    bend = 10 + free * (14 + 12 * np.cos(2 * np.pi * phase)) - np.degrees(np.arctan2(-bent[1], -bent[2]))
    return {
        f"upperarm01.{side}": rotation(0, -swing) @ hang,
        f"lowerarm01.{side}": hang.T @ rotation(0, -bend) @ hang,
    }
