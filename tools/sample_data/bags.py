"""Backpacks, shoulder bags and handbags: soft boxes and tubes tied to bones, straps cut from the torso."""

from __future__ import annotations

import numpy as np

from tools.sample_data.body import BONES, Body
from tools.sample_data.clothes import PUSH, torso_band
from tools.sample_data.looks import Look
from tools.sample_data.mesh import CARRIED, Mesh, make, rounded_box, tube


def bags(body: Body, look: Look) -> list[Mesh]:
    """Everything the person carries."""
    meshes = []
    push = PUSH[look.upper_style] + 0.014
    if look.attributes["backpack"] == "yes":
        meshes += _backpack(body, look, push)
    if look.attributes["bag"] == "yes":
        meshes += _shoulder_bag(body, look, push)
    if look.attributes["handbag"] == "yes":
        meshes += _handbag(body, look)
    return meshes


def _backpack(body: Body, look: Look, push: float) -> list[Mesh]:
    size = body.height / 1.75
    centre_z = body.joints["spine02"][2] + 0.04 * size
    torso = body.vertices[np.unique(body.triangles["helper-tights"])]
    back = torso[(np.abs(torso[:, 2] - centre_z) < 0.15) & (np.abs(torso[:, 0]) < 0.1), 1].max()
    dimensions = np.array([0.32, 0.19, 0.44]) * size
    pack = rounded_box((0, back + push + dimensions[1] * 0.42, centre_z), dimensions)
    pocket = rounded_box(
        (0, back + push + dimensions[1] * 0.85, centre_z - 0.09 * size), dimensions * (0.75, 0.45, 0.45)
    )
    bone = BONES.index("spine02")
    straps = [
        torso_band(
            body, body.vertices[:, 0] - side * 0.115 * size, 0.05 * size, push, look.bags, centre_z - 0.12 * size
        )
        for side in (-1, 1)
    ]
    return [make(*pack, look.bags, bone), make(*pocket, look.bags, bone), *straps]


def _shoulder_bag(body: Body, look: Look, push: float) -> list[Mesh]:
    size = body.height / 1.75
    hip = body.joints["root"]
    torso = body.vertices[np.unique(body.triangles["helper-tights"])]
    side = np.abs(torso[np.abs(torso[:, 2] - hip[2] + 0.02) < 0.05, 0])
    reach = side[side < 0.3 * size].max() + push
    centre = (reach + 0.05 * size, hip[1] - 0.03, hip[2] - 0.06 * size)
    pouch = rounded_box(centre, np.array([0.14, 0.36, 0.28]) * size, roundness=0.3)
    flap = rounded_box(
        (centre[0] + 0.035 * size, centre[1], centre[2] + 0.05 * size),
        np.array([0.1, 0.34, 0.16]) * size,
        roundness=0.3,
    )
    over = np.array([-0.5 * 0.2 * size, body.joints["neck01"][2] - 0.03])
    under = np.array([reach, hip[2] + 0.02])
    along = (under - over) / np.linalg.norm(under - over)
    distance = (body.vertices[:, [0, 2]] - over) @ np.array([-along[1], along[0]])
    strap = torso_band(body, distance, 0.05 * size, push, look.bags, hip[2] + 0.02)
    bone = BONES.index("root")
    return [make(*pouch, look.bags, bone), make(*flap, look.bags, bone), strap]


def _handbag(body: Body, look: Look) -> list[Mesh]:
    size = body.height / 1.75
    wrist = body.joints["wrist.R"]
    grip = wrist + np.array([0.0, -0.01, -0.1]) * size
    turn = np.linspace(0, np.pi, 11)
    drop = 0.13 * size
    handle = np.stack([np.zeros(11), np.cos(turn) * 0.085 * size, np.sin(turn) * drop], 1) + grip - (0, 0, drop)
    pouch = rounded_box(grip - (0, 0, drop + 0.1 * size), np.array([0.13, 0.32, 0.23]) * size, roundness=0.4)
    return [make(*tube(handle, 0.009), look.bags, CARRIED), make(*pouch, look.bags, CARRIED)]
