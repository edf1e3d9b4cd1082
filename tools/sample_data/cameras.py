"""Cameras, the light at each, and what their sensors do to the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Light:
    """Sun direction (towards it) and linear RGB lights; lamps are points that cast no shadow."""

    sun_way: tuple[float, float, float] = (0.5, -0.6, 0.7)
    sun: tuple[float, float, float] = (2.1, 1.9, 1.6)
    sky: tuple[float, float, float] = (0.55, 0.62, 0.75)
    ground: tuple[float, float, float] = (0.28, 0.25, 0.22)
    lamps: tuple[tuple[float, float, float], ...] = ((0, 0, 50), (0, 0, 50), (0, 0, 50))
    lamp: tuple[float, float, float] = (0.0, 0.0, 0.0)
    exposure: float = 0.75
    background: tuple[float, float, float] = (0.72, 0.79, 0.88)


@dataclass(frozen=True)
class Sensor:
    """Colour cast (sRGB gains), blur and noise (8-bit levels) of one camera."""

    cast: tuple[float, float, float] = (1.0, 1.0, 1.0)
    contrast: float = 1.0
    blur: float = 0.6
    noise: float = 2.5

    def record(self, picture: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """(H, W, 3) uint8 RGB as the sensor gives it."""
        import cv2

        picture = cv2.GaussianBlur(picture, (0, 0), self.blur).astype(np.float32)
        picture = (picture - 128) * self.contrast + 128
        picture *= np.asarray(self.cast, np.float32)
        grain = random.standard_normal(picture.shape[:2], np.float32)[..., None] * 0.7
        grain = grain + random.standard_normal(picture.shape, np.float32) * 0.5
        return np.clip(picture + grain * self.noise, 0, 255).astype(np.uint8)


@dataclass(frozen=True)
class VirtualCamera:
    """One fixed camera: `position` and `target` in metres, vertical field of view in degrees."""

    name: str
    position: tuple[float, float, float]
    target: tuple[float, float, float]
    field: float
    light: Light
    sensor: Sensor
    size: tuple[int, int] = (640, 360)

    @property
    def view(self) -> np.ndarray:
        return look_at(np.array(self.position), np.array(self.target))

    def projection(self, widen: float = 1.0) -> np.ndarray:
        """Perspective matrix; `widen` shows that many times the width and height at the same pixels per degree."""
        near, far = 0.1, 80.0
        scale = 1 / (np.tan(np.radians(self.field) / 2) * widen)
        matrix = np.zeros((4, 4))
        matrix[0, 0], matrix[1, 1] = scale * self.size[1] / self.size[0], scale
        matrix[2, 2], matrix[2, 3] = -(far + near) / (far - near), -2 * far * near / (far - near)
        matrix[3, 2] = -1
        return matrix


def look_at(position: np.ndarray, target: np.ndarray) -> np.ndarray:
    """(4, 4) world to camera, camera looking down -z with world z up."""
    forward = (target - position) / np.linalg.norm(target - position)
    right = np.cross(forward, (0, 0, 1.0))
    right /= np.linalg.norm(right)
    matrix = np.eye(4)
    matrix[:3, :3] = np.stack([right, np.cross(right, forward), -forward])
    matrix[:3, 3] = -matrix[:3, :3] @ position
    return matrix


GATE = VirtualCamera(
    "gate",
    (4.2, -5.2, 3.1),
    (-0.6, -11.5, 0.75),
    35,
    Light(sun_way=(0.75, -0.35, 0.55), sun=(2.3, 2.0, 1.55)),
    Sensor(cast=(1.05, 1.0, 0.93), noise=2.5),
)
HALL = VirtualCamera(
    "hall",
    (-5.6, -2.9, 2.9),
    (0.9, 1.2, 0.6),
    39,
    Light(
        sun=(1.6, 1.5, 1.35),
        sun_way=(0.75, -0.35, 0.55),
        sky=(0.30, 0.32, 0.33),
        ground=(0.26, 0.24, 0.22),
        lamps=((-3.0, 0.5, 2.9), (0.5, 0.5, 2.9), (4.0, 0.5, 2.9)),
        lamp=(1.0, 1.0, 0.86),
        exposure=0.9,
    ),
    Sensor(cast=(0.97, 1.04, 0.95), contrast=0.9, blur=0.75, noise=4.0),
)
YARD = VirtualCamera(
    "yard",
    (-4.6, 7.0, 3.4),
    (0.8, 13.0, 0.6),
    38,
    Light(sun_way=(0.75, 0.35, 0.5), sun=(1.9, 1.9, 1.8), sky=(0.62, 0.7, 0.85), exposure=0.72),
    Sensor(cast=(0.93, 0.99, 1.07), contrast=1.08, blur=0.55, noise=3.0),
)
CAMERAS = {camera.name: camera for camera in (GATE, HALL, YARD)}
