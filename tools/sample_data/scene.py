"""The place: a gate to the street in the south, a pillared hall, a yard with grass in the north. x east, y north."""

from __future__ import annotations

import numpy as np

from tools.sample_data.looks import linear
from tools.sample_data.mesh import Kind, Material, Mesh, box, make, merge_meshes, rounded_box, tube

BRICK = Material(Kind.BRICK, linear("8d4f3c"))
DARK_BRICK = Material(Kind.BRICK, linear("6f5a4e"))
PAVING = Material(Kind.PAVING, linear("a39d94"))
ASPHALT = Material(Kind.PLASTER, linear("6a6b6e"))
PLASTER = Material(Kind.PLASTER, linear("cfc8b8"))
TILES = Material(Kind.TILES, linear("b9b1a2"), linear("a59c8c"))
GRASS = Material(Kind.GRASS, linear("5f7a3c"))
GLASS = Material(Kind.GLASS, linear("2c3640"))
IRON = Material(Kind.PLAIN, linear("2b2f33"), gloss=0.3)
STEEL = Material(Kind.PLAIN, linear("8c9196"), gloss=0.3)
WOOD = Material(Kind.PLANKS, linear("7a5532"))
LEAVES = Material(Kind.GRASS, linear("47683a"))
STONE = Material(Kind.PLASTER, linear("b4ada0"))


def build_place() -> Mesh:
    """All that never moves."""
    return merge_meshes([*_ground(), *_gate(), *_hall(), *_yard()])


def _block(low, high, material: Material) -> Mesh:
    return make(*box(low, high), material)


def _pole(x: float, y: float, height: float, radius: float, material: Material) -> Mesh:
    return make(*tube([(x, y, 0), (x, y, height / 2), (x, y, height)], radius, sides=12), material)


def _bench(x: float, y: float, along_x: bool) -> list[Mesh]:
    half = (0.9, 0.24) if along_x else (0.24, 0.9)
    seat = _block((x - half[0], y - half[1], 0.40), (x + half[0], y + half[1], 0.46), WOOD)
    back = (
        _block((x - half[0], y + half[1], 0.46), (x + half[0], y + half[1] + 0.05, 0.85), WOOD)
        if along_x
        else _block((x + half[0], y - half[1], 0.46), (x + half[0] + 0.05, y + half[1], 0.85), WOOD)
    )
    feet = [
        _block(
            (x + sx * half[0] * 0.8 - 0.05, y + sy * half[1] * 0.8 - 0.05, 0),
            (x + sx * half[0] * 0.8 + 0.05, y + sy * half[1] * 0.8 + 0.05, 0.4),
            IRON,
        )
        for sx in (-1, 1)
        for sy in (-1, 1)
    ]
    return [seat, back, *feet]


def _windows(xs, y: float, low: float, high: float, width: float, facing: int) -> list[Mesh]:
    """Windows with frames in a wall along x; `facing` -1 looks south."""
    meshes = []
    for x in xs:
        deep = sorted((y, y + facing * 0.06))
        thin = sorted((y, y + facing * 0.09))
        meshes.append(_block((x - width / 2, deep[0], low), (x + width / 2, deep[1], high), GLASS))
        for left, right, bottom, top in (
            (-0.06, 0.0, low, high),
            (width, width + 0.06, low, high),
            (width / 2 - 0.03, width / 2 + 0.03, low, high),
            (-0.06, width + 0.06, high, high + 0.08),
            (-0.12, width + 0.12, low - 0.08, low),
        ):
            start = x - width / 2
            meshes.append(_block((start + left, thin[0], bottom), (start + right, thin[1], top), STONE))
    return meshes


def _ground() -> list[Mesh]:
    return [
        _block((-30, -16, -0.3), (30, -4, 0), PAVING),
        _block((-30, -40, -0.35), (30, -16, -0.02), ASPHALT),
        _block((-8, -4, -0.3), (8, 6, 0), TILES),
        _block((-30, 6, -0.3), (30, 40, -0.01), GRASS),
        _block((-9, 6, -0.3), (9, 10.5, 0), PAVING),
        _block((-1.6, 10.5, -0.3), (3.4, 24, 0), PAVING),
        _block((-9, 12.6, -0.3), (12, 14.6, 0.0), PAVING),
    ]


def _gate() -> list[Mesh]:
    """The boundary wall with its gate posts, a sign pole, bollards, a bench, and the building's south front."""
    meshes = [
        _block((-30, -15.2, 0), (-3.2, -14.9, 2.1), BRICK),
        _block((3.2, -15.2, 0), (30, -14.9, 2.1), BRICK),
        _block((-30, -15.25, 2.1), (-3.2, -14.85, 2.2), STONE),
        _block((3.2, -15.25, 2.1), (30, -14.85, 2.2), STONE),
        _block((-3.6, -15.35, 0), (-3.0, -14.75, 2.6), DARK_BRICK),
        _block((3.0, -15.35, 0), (3.6, -14.75, 2.6), DARK_BRICK),
        _block((-30, -34, 0), (30, -33, 7), DARK_BRICK),
        *_windows(np.arange(-24, 25, 3.5), -33, 1.2, 3.0, 1.4, 1),
        *_windows(np.arange(-24, 25, 3.5), -33, 4.2, 6.0, 1.4, 1),
        _pole(-1.3, -9.4, 3.4, 0.06, STEEL),
        _block((-1.33, -9.75, 2.5), (-1.27, -9.05, 3.1), Material(Kind.PLAIN, linear("2b5c9e"))),
        *_bench(-5.2, -9.8, along_x=True),
        *(_pole(x, -13.6, 0.9, 0.09, IRON) for x in (-2.2, 2.2)),
    ]
    for x in np.arange(-30, -16, 3.0):
        meshes.append(_pole(x, -19, 4, 0.15, WOOD))
    return meshes + _planter(-7.2, -11.5) + _planter(1.7, -8.6)


def _planter(x: float, y: float) -> list[Mesh]:
    bush = rounded_box((x, y, 0.85), (1.0, 0.9, 0.8), roundness=0.8)
    return [_block((x - 0.45, y - 0.45, 0), (x + 0.45, y + 0.45, 0.55), STONE), make(*bush, LEAVES)]


def _hall() -> list[Mesh]:
    """Pillars, a back wall with doors, a roof, benches, a notice board."""
    meshes = [
        _block((-8, -4, 3.2), (8, 6, 3.5), PLASTER),
        _block((7.6, -4, 0), (8, 6, 3.2), PLASTER),
        _block((-8, -4, 0), (-7.6, 6, 3.2), PLASTER),
        _block((-8, 5.7, 0), (-1.8, 6, 3.2), PLASTER),
        _block((1.8, 5.7, 0), (8, 6, 3.2), PLASTER),
        *_windows((-5, 4.2), 5.7, 0.9, 2.4, 1.6, -1),
        _block((7.52, -2.0, 0.9), (7.6, 0.4, 2.2), Material(Kind.PLAIN, linear("7d4a2a"))),
        _block((7.50, -1.8, 1.0), (7.53, 0.2, 2.1), Material(Kind.FLOWERS, linear("d8d2c0"), linear("a8553f"), 0.2)),
        *_bench(3.6, 5.1, along_x=True),
        *_bench(-4.4, 5.1, along_x=True),
        *_bench(1.4, -0.6, along_x=False),
    ]
    meshes += [_pole(x, y, 3.2, 0.2, STONE) for x in (-2.6, 2.6) for y in (-3.6, 3.2)]
    meshes += [
        _block((x - 0.6, 0.35, 3.12), (x + 0.6, 0.65, 3.2), Material(Kind.PLAIN, (3, 3, 2.7))) for x in (-3, 0.5, 4)
    ]
    return meshes


def _yard() -> list[Mesh]:
    """A back wall, a lamp post, trees, benches and a bicycle rail."""
    meshes = [
        _block((-30, 22, 0), (30, 22.4, 3.2), BRICK),
        *_windows((-6, -2.5, 5, 8.5), 22, 1.0, 2.4, 1.5, -1),
        _block((0.2, 21.9, 0), (1.5, 22.05, 2.2), WOOD),
        _pole(-0.6, 10.9, 4.2, 0.07, IRON),
        *_bench(3.9, 15.5, along_x=True),
        *_bench(-2.6, 15.4, along_x=True),
    ]
    for x, y, size in ((6.4, 16.8, 1.3), (-5.8, 17.6, 1.1), (10.5, 12.0, 1.2), (-1.9, 19.6, 0.9)):
        meshes.append(_pole(x, y, 2.2 * size, 0.13 * size, WOOD))
        for dx, dy, dz, wide in ((0, 0, 2.9, 2.2), (0.6, 0.3, 2.4, 1.5), (-0.6, -0.2, 2.5, 1.6)):
            crown = rounded_box(
                (x + dx * size, y + dy * size, dz * size), np.array([wide, wide, wide * 0.85]) * size, 0.85
            )
            meshes.append(make(*crown, LEAVES))
    for x in (6.2, 7.0, 7.8):
        turn = np.linspace(0, np.pi, 13)
        arch = np.stack([np.full(13, x), 11.6 + np.cos(turn) * 0.35, 0.8 * np.sin(turn) ** 0.5], 1)
        meshes.append(make(*tube(arch, 0.025), STEEL))
    return meshes
