"""Whether anything is new in a picture: noise and light are not, a figure as small as the detector finds any is."""

import numpy as np
import pytest

from surveil.footage.stillness import cells_of, is_still

SIZES = [(1080, 1920), (720, 1280), (432, 768), (360, 640)]
SMALLEST = 12, 5
"""Pixels, down and across, of the smallest person whom the detector finds, in a picture 640 wide."""


def wall(shape):
    """A picture with brighter and darker parts."""
    rows, columns = np.indices(shape)
    return 90 + 25 * np.sin(columns / shape[1] * 30) + 25 * np.cos(rows / shape[0] * 20)


def picture(scene, noise, seed):
    return np.clip(scene + np.random.default_rng(seed).normal(0, noise, scene.shape), 0, 255).astype(np.uint8)


def still(before, after, noise=3.0):
    return is_still(cells_of(picture(before, noise, 1)), cells_of(picture(after, noise, 2)))


@pytest.mark.parametrize("shape", SIZES)
@pytest.mark.parametrize("noise", [0.0, 2.0, 5.0, 10.0])
def test_noise_is_nothing_new(shape, noise):
    assert still(wall(shape), wall(shape), noise)


@pytest.mark.parametrize("shape", SIZES)
def test_light_is_nothing_new(shape):
    dusk = np.linspace(-20, 5, shape[1])[None]
    assert still(wall(shape), wall(shape) + dusk)


@pytest.mark.parametrize("shape", SIZES)
@pytest.mark.parametrize("contrast", [-12, 12])
def test_the_smallest_figure_is_new_wherever_it_stands(shape, contrast):
    before = wall(shape)
    height, width = (round(side * min(shape[1], 960) / 640 * max(1, shape[1] / 960)) for side in SMALLEST)
    for y, x in [(0, 0), (shape[0] // 2, 401), (shape[0] - height, shape[1] - width)]:
        after = before.copy()
        after[y : y + height, x : x + width] += contrast
        assert not still(before, after)
        assert not still(after, before)


def test_pictures_of_different_sizes_and_tiny_ones_count_as_new():
    assert not is_still(cells_of(np.zeros((360, 640), np.uint8)), cells_of(np.zeros((640, 360), np.uint8)))
    for shape in [(1, 1), (4, 4000), (5000, 2)]:
        cells = cells_of(np.zeros(shape, np.uint8))
        assert not is_still(cells, cells)
