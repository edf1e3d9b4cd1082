"""Rasterising with moderngl on EGL, which Mesa's llvmpipe serves without any display or GPU."""

from __future__ import annotations

from dataclasses import dataclass

import moderngl
import numpy as np

from tools.sample_data import shaders
from tools.sample_data.cameras import VirtualCamera, look_at
from tools.sample_data.mesh import Mesh

SHADOW_SIZE = 2048
WIDE = 2.0
"""How much more than the frame is drawn to know a person's whole silhouette."""


@dataclass
class PosedBody:
    """One moved body: its number in the id buffer (1 and up), vertices, and where in the world it stands."""

    number: int
    mesh: Mesh
    positions: np.ndarray
    normals: np.ndarray
    place: np.ndarray


@dataclass
class Shot:
    """A rendered frame: RGB (H, W, 3), ids (H, W), and each person's whole silhouette (pixels, box beyond the frame)."""

    picture: np.ndarray
    ids: np.ndarray
    whole: dict[int, tuple[int, tuple[float, float, float, float]]]


class _Buffers:
    """A mesh on the graphics side: fixed attributes once, positions and normals per frame."""

    def __init__(self, context, programs, mesh: Mesh) -> None:
        fixed = np.concatenate([mesh.positions, mesh.colours, mesh.seconds, mesh.surface], 1).astype("f4")
        self.moving = context.buffer(reserve=len(mesh.positions) * 24)
        self.fixed = context.buffer(fixed.tobytes())
        self.index = context.buffer(mesh.triangles.astype("i4").tobytes())
        layout = [
            (self.moving, "3f 3f", "position", "normal"),
            (self.fixed, "3f 3f 3f 4f", "rest", "colour", "second", "surface"),
        ]
        self.arrays = {}
        for name, program in programs.items():
            kept = []
            for buffer, form, *names in layout:
                sizes = form.split()
                parts = [s if n in program else f"{int(s[0]) * 4}x" for s, n in zip(sizes, names, strict=True)]
                used = [n for n in names if n in program]
                if used:
                    kept.append((buffer, " ".join(parts), *used))
            self.arrays[name] = context.vertex_array(program, kept, self.index)

    def move(self, positions: np.ndarray, normals: np.ndarray) -> None:
        self.moving.write(np.concatenate([positions, normals], 1).astype("f4").tobytes())

    def release(self) -> None:
        for part in (*self.arrays.values(), self.moving, self.fixed, self.index):
            part.release()


class Renderer:
    """Draws the place and the people in it as one camera sees them."""

    def __init__(self, place: Mesh, size: tuple[int, int]) -> None:
        self.size = size
        self.context = moderngl.create_standalone_context(backend="egl")
        fragments = {"paint": shaders.PAINT, "ids": shaders.SILHOUETTE, "shadow": shaders.SHADOW}
        self.programs = {
            name: self.context.program(vertex_shader=shaders.VERTEX, fragment_shader=text)
            for name, text in fragments.items()
        }
        self.people: dict[int, _Buffers] = {}
        self.place = _Buffers(self.context, self.programs, place)
        self.place.move(place.positions, place.normals)
        wide = (int(size[0] * WIDE), int(size[1] * WIDE))
        samples = min(4, self.context.max_samples)
        self.painted = self.context.framebuffer(
            [self.context.renderbuffer(size, 3, samples=samples)],
            self.context.depth_renderbuffer(size, samples=samples),
        )
        self.flat = self.context.framebuffer([self.context.renderbuffer(size, 3)])
        self.marked = self._id_buffer(size)
        self.alone = self._id_buffer(wide)
        self.shadows = self.context.depth_texture((SHADOW_SIZE, SHADOW_SIZE))
        self.shadows.compare_func = "<="
        self.shadows.repeat_x = self.shadows.repeat_y = False
        self.shaded = self.context.framebuffer(depth_attachment=self.shadows)

    def shoot(self, camera: VirtualCamera, people: list[PosedBody]) -> Shot:
        """One frame."""
        for person in people:
            if person.number not in self.people:
                self.people[person.number] = _Buffers(self.context, self.programs, person.mesh)
            self.people[person.number].move(person.positions, person.normals)
        self.context.enable(moderngl.DEPTH_TEST)
        sun = _sun_matrix(camera)
        self.shaded.use()
        self.context.clear(depth=1.0)
        self._draw("shadow", sun, people, with_place=True)
        self._light(camera, sun, people)
        self.painted.use()
        self.context.clear(*camera.light.background)
        view_projection = camera.projection() @ camera.view
        self._draw("paint", view_projection, people, with_place=True)
        self.context.copy_framebuffer(self.flat, self.painted)
        picture = np.frombuffer(self.flat.read(components=3, alignment=1), np.uint8)
        ids = self._ids(self.marked, view_projection, people, with_place=True)
        wide = camera.projection(WIDE) @ camera.view
        whole = {
            person.number: _extent(self._ids(self.alone, wide, [person], with_place=False), self.size)
            for person in people
        }
        return Shot(picture.reshape(self.size[1], self.size[0], 3)[::-1].copy(), ids, whole)

    def forget(self, number: int) -> None:
        """Frees a person's buffers."""
        self.people.pop(number).release()

    def _id_buffer(self, size: tuple[int, int]):
        return self.context.framebuffer(
            [self.context.renderbuffer(size, 1, dtype="u1")], self.context.depth_renderbuffer(size)
        )

    def _ids(self, buffer, matrix: np.ndarray, people: list[PosedBody], with_place: bool) -> np.ndarray:
        buffer.use()
        buffer.clear()
        self._draw("ids", matrix, people, with_place)
        flat = np.frombuffer(buffer.read(components=1, dtype="u1", alignment=1), np.uint8)
        return flat.reshape(buffer.height, buffer.width)[::-1]

    def _draw(self, name: str, matrix: np.ndarray, people: list[PosedBody], with_place: bool) -> None:
        program = self.programs[name]
        _set(program, "view_projection", matrix)
        if with_place:
            _set(program, "place", np.eye(4))
            if "who" in program:
                program["who"] = 0
            self.place.arrays[name].render()
        for person in people:
            _set(program, "place", person.place)
            if "who" in program:
                program["who"] = person.number
            self.people[person.number].arrays[name].render()

    def _light(self, camera: VirtualCamera, sun: np.ndarray, people: list[PosedBody]) -> None:
        program, light = self.programs["paint"], camera.light
        way = np.array(light.sun_way)
        _set(program, "sun_projection", sun)
        program["eye"] = camera.position
        program["sun_way"] = tuple(way / np.linalg.norm(way))
        program["sun_light"], program["sky_light"], program["ground_light"] = light.sun, light.sky, light.ground
        program["lamps"], program["lamp_light"], program["exposure"] = list(light.lamps), light.lamp, light.exposure
        feet = [tuple(person.place[:3, 3]) for person in people][:12]
        program["feet"] = feet + [(0.0, 0.0, -50.0)] * (12 - len(feet))
        program["people"] = len(feet)
        self.shadows.use(0)
        program["shadow_map"] = 0


def _set(program, name: str, matrix: np.ndarray) -> None:
    if name in program:
        program[name].write(np.ascontiguousarray(matrix.T, "f4").tobytes())


def _sun_matrix(camera: VirtualCamera) -> np.ndarray:
    """Orthographic view from the sun over what the camera looks at."""
    way = np.array(camera.light.sun_way) / np.linalg.norm(camera.light.sun_way)
    centre = np.array([camera.target[0], camera.target[1], 0.0])
    reach, depth = 13.0, 60.0
    matrix = np.diag([1 / reach, 1 / reach, -2 / depth, 1.0])
    matrix[2, 3] = -1
    return matrix @ look_at(centre + way * 30, centre)


def _extent(ids: np.ndarray, size: tuple[int, int]) -> tuple[int, tuple[float, float, float, float]]:
    """Pixels and box, in frame pixels, of the only silhouette in a widened id buffer."""
    box = box_of(ids > 0)
    if box is None:
        return 0, (0.0, 0.0, 0.0, 0.0)
    # The widened buffer has WIDE times the pixels and WIDE times the view, so one pixel is one pixel.
    shift = ((WIDE - 1) * size[0] / 2, (WIDE - 1) * size[1] / 2)
    return int((ids > 0).sum()), (box[0] - shift[0], box[1] - shift[1], box[2] - shift[0], box[3] - shift[1])


def box_of(mask: np.ndarray) -> tuple[int, int, int, int] | None:
    """x1, y1, x2, y2 (ends exclusive) of the pixels set, None if there are none."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
