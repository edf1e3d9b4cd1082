"""Clothes cut from the body model's helper groups: pushed out along their normals, ended where `keep` turns negative."""

from __future__ import annotations

import numpy as np

from tools.sample_data.body import Body
from tools.sample_data.looks import Look, linear
from tools.sample_data.mesh import Kind, Material, Mesh, compact, make, vertex_normals

SIDES = ("L", "R")
PUSH = {"tshirt": 0.010, "shirt": 0.013, "jacket": 0.026, "coat": 0.030}


def dress(body: Body, look: Look) -> list[Mesh]:
    """Skin, shoes and clothes of one person."""
    size = body.height / 1.75
    waist = body.joints["root"][2] + 0.07 * size
    short = look.attributes["lower_length"] == "short"
    knee, hip = body.joints["lowerleg01.L"][2], body.joints["upperleg01.L"][2]
    skirt = look.attributes["lower_type"] == "dress"
    end = (
        (knee + 0.28 * (hip - knee) if short else 0.55 * knee)
        if skirt
        else (knee + 0.1 * size if short else 0.07 * size)
    )
    meshes = [_skin(body, look), _shoes(body, look, size)]
    if skirt:
        meshes.append(_skirt(body, look.lower, waist, end, 0.012))
        if not short:
            meshes.append(_legs(body, Material(Kind.CLOTH, look.lower.colour), waist, 0.5 * knee, 0.0))
    else:
        meshes.append(_legs(body, look.lower, waist, end, 0.016 * size))
    coat = look.upper_style == "coat"
    hem = waist if look.lower is look.upper and skirt else body.joints["root"][2] - 0.09 * size
    meshes.append(_top(body, look, hem, size))
    if coat:
        meshes.append(_skirt(body, look.upper, waist + 0.05 * size, knee + 0.15 * size, 0.035))
    return meshes


def sleeve_distance(body: Body, points: np.ndarray) -> np.ndarray:
    """Distance down the arm from the shoulder joint, metres; elbow and wrist are `arm_lengths`."""
    nearest = []
    for side in SIDES:
        shoulder, elbow, wrist = (body.joints[f"{bone}.{side}"] for bone in ("upperarm01", "lowerarm01", "wrist"))
        upper, lower = elbow - shoulder, wrist - elbow
        along = (points - shoulder) @ upper / np.linalg.norm(upper)
        beyond = (points - elbow) @ lower / np.linalg.norm(lower)
        nearest.append(np.where(beyond > 0, np.linalg.norm(upper) + beyond, along))
    return np.where(points[:, 0] > 0, nearest[0], nearest[1])


def arm_lengths(body: Body) -> tuple[float, float]:
    """Shoulder to elbow, shoulder to wrist along the arm."""
    shoulder, elbow, wrist = (body.joints[f"{bone}.L"] for bone in ("upperarm01", "lowerarm01", "wrist"))
    upper = float(np.linalg.norm(elbow - shoulder))
    return upper, upper + float(np.linalg.norm(wrist - elbow))


def arms(body: Body) -> np.ndarray:
    """(V,) how much of each vertex belongs to the arms."""
    return body.bone(*(f"{bone}.{side}" for bone in ("upperarm01", "lowerarm01", "wrist") for side in SIDES))


def torso_band(body: Body, distance: np.ndarray, width: float, push: float, material: Material, low: float) -> Mesh:
    """A strap: the part of the torso within `width` of a line (distance 0), above `low`."""
    used, triangles = compact(body.triangles["helper-tights"])
    points = body.vertices[used]
    keep = np.minimum(width / 2 - np.abs(distance[used]), 0.25 - arms(body)[used])
    keep = np.minimum(keep, points[:, 2] - low)
    return _pushed(body, used, triangles, push, material, keep)


def _pushed(body: Body, used, triangles, push, material: Material, keep) -> Mesh:
    points = body.vertices[used]
    points = points + vertex_normals(points, triangles) * np.reshape(push, (-1, 1))
    inside = (keep[triangles] > -0.04).any(axis=1)
    part, triangles = compact(triangles[inside])
    return make(points[part], triangles, material, body.weights[used][part], keep[part])


def _skin(body: Body, look: Look) -> Mesh:
    used, triangles = compact(
        np.concatenate([body.triangles[name] for name in ("body", "helper-l-eye", "helper-r-eye")])
    )
    points = body.vertices[used]
    upper_arm, arm = arm_lengths(body)
    bare_from = 0.45 * upper_arm if look.attributes["sleeve"] == "short" else arm - 0.08
    on_arm = arms(body)[used] > 0.5
    bare_arm = np.where(on_arm, sleeve_distance(body, points) - bare_from, -1)
    head = points[:, 2] - (body.joints["neck01"][2] - 0.12)
    shows_legs = look.attributes["lower_type"] == "dress" or look.attributes["lower_length"] == "short"
    leg = (
        np.where(on_arm, -1, body.joints["upperleg01.L"][2] - 0.1 - points[:, 2])
        if shows_legs
        else -np.ones(len(points))
    )
    mesh = _pushed(body, used, triangles, 0.0, look.skin, np.maximum.reduce([bare_arm, head, leg]))
    _paint_face(body, look, mesh)
    return mesh


def _paint_face(body: Body, look: Look, mesh: Mesh) -> None:
    eye_parts = [body.vertices[np.unique(body.triangles[f"helper-{side}-eye"])] for side in ("l", "r")]
    centres = [part.mean(axis=0) for part in eye_parts]
    size = (body.height - centres[0][2]) / 0.115
    for centre in centres:
        away = (mesh.positions - centre) / size
        reach = np.linalg.norm(away * (0.7, 1, 1.3), axis=1)
        mesh.colours[reach < 0.024] *= 0.45
        brow = (np.abs(away[:, 2] - 0.024) < 0.006) & (np.abs(away[:, 0]) < 0.022) & (away[:, 1] < 0.03)
        mesh.colours[brow] = np.asarray(look.hair.colour) * 0.8 + 0.01
    mouth = np.mean(centres, axis=0) + np.array([0, -0.01, -0.068]) * size
    away = (mesh.positions - mouth) / size
    lips = (np.abs(away[:, 2]) < 0.010) & (np.abs(away[:, 0]) < 0.025) & (away[:, 1] < 0.02)
    mesh.colours[lips] *= (0.8, 0.5, 0.5)


def _shoes(body: Body, look: Look, size: float) -> Mesh:
    used, triangles = compact(body.triangles["helper-tights"])
    points = body.vertices[used]
    keep = np.where(arms(body)[used] > 0.5, -1, 0.095 * size - points[:, 2])
    return _pushed(body, used, triangles, 0.009, look.shoes, keep)


def _legs(body: Body, material: Material, waist: float, end: float, loose: float) -> Mesh:
    used, triangles = compact(body.triangles["helper-tights"])
    points = body.vertices[used]
    keep = np.minimum(waist - points[:, 2], points[:, 2] - end)
    keep = np.where(arms(body)[used] > 0.5, -1, keep)
    low = np.clip((body.joints["upperleg01.L"][2] - points[:, 2]) / body.joints["upperleg01.L"][2], 0, 1)
    return _pushed(body, used, triangles, 0.006 + loose * (0.35 + low), material, keep)


def _skirt(body: Body, material: Material, waist: float, end: float, push: float) -> Mesh:
    used, triangles = compact(body.triangles["helper-skirt"])
    points = body.vertices[used]
    return _pushed(body, used, triangles, push, material, np.minimum(waist - points[:, 2], points[:, 2] - end))


def _top(body: Body, look: Look, hem: float, size: float) -> Mesh:
    used, triangles = compact(body.triangles["helper-tights"])
    points = body.vertices[used]
    upper_arm, arm = arm_lengths(body)
    sleeve = 0.62 * upper_arm if look.attributes["sleeve"] == "short" else arm - 0.005
    on_arm = arms(body)[used] > 0.5
    neck = body.joints["neck01"] + np.array([0, 0, 0.005 if look.upper_style == "tshirt" else 0.04]) * size
    collar = neck[2] - points[:, 2] + 0.45 * (points[:, 1] - neck[1])
    keep = np.where(on_arm, sleeve - sleeve_distance(body, points), np.minimum(points[:, 2] - hem, collar))
    low = np.clip((body.joints["spine02"][2] - points[:, 2]) / (body.joints["spine02"][2] - hem), 0, 1) * ~on_arm
    push = PUSH[look.upper_style] + 0.016 * low + (0.008 if look.attributes["sleeve"] == "short" else 0.0) * on_arm
    mesh = _pushed(body, used, triangles, push, look.upper, keep)
    if look.upper_style in ("jacket", "coat"):
        zip_line = (np.abs(mesh.positions[:, 0]) < 0.012) & (mesh.positions[:, 1] < 0)
        mesh.colours[zip_line] = mesh.colours[zip_line] * 0.4 + np.asarray(linear("303030")) * 0.2
    return mesh
