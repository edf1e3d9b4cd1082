"""Augmentation of whole batches; every image draws its own numbers."""

from __future__ import annotations

import math
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from training.recipes import Augmentation


def augment(images: Tensor, strength: Augmentation, generator: Generator) -> Tensor:
    """(N, 3, H, W) RGB images from 0 to 1 in, the same shape out. What is erased gets the batch's mean colour.

    The generator belongs to the images' device, so that nothing waits for numbers from another.
    """
    images = _move(images, strength, generator)
    images = _jitter(images, strength.jitter, generator)
    return _erase(images, strength.erase, generator)


def normalise(
    images: Tensor, size: tuple[int, int], mean: tuple[float, float, float], std: tuple[float, float, float]
) -> Tensor:
    """(N, 3, H, W) RGB images from 0 to 1 to what a network takes: resized, the channels shifted and scaled."""
    if tuple(images.shape[2:]) != size:
        images = F.interpolate(images, size=size, mode="bilinear", antialias=True)
    centre, spread = (_channels(values, images.device) for values in (mean, std))
    return ((images - centre) / spread).contiguous(memory_format=torch.channels_last)


@lru_cache
def _channels(values: tuple[float, float, float], device: torch.device) -> Tensor:
    """(1, 3, 1, 1), copied to the device only once."""
    return torch.tensor(values, device=device).view(1, 3, 1, 1)


def _uniform(n: int, low: float, high: float, generator: Generator) -> Tensor:
    return torch.rand(n, generator=generator, device=generator.device) * (high - low) + low


def _move(images: Tensor, strength: Augmentation, generator: Generator) -> Tensor:
    """Mirror, rotate and shift in one resampling."""
    n, _, height, width = images.shape
    angle = _uniform(n, -strength.rotate, strength.rotate, generator) * (math.pi / 180)
    mirror = torch.where(_uniform(n, 0, 1, generator) < strength.flip, -1.0, 1.0)
    shifts = _uniform(2 * n, -2 * strength.shift, 2 * strength.shift, generator).view(n, 2)
    sine, cosine = angle.sin(), angle.cos()
    # Coordinates run from -1 to 1 on both axes, so a rotation has to know the aspect ratio.
    rows = torch.stack(
        [mirror * cosine, -mirror * sine * height / width, shifts[:, 0], sine * width / height, cosine, shifts[:, 1]], 1
    )
    grid = F.affine_grid(rows.view(n, 2, 3), list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, padding_mode="border", align_corners=False)


def _jitter(images: Tensor, amount: float, generator: Generator) -> Tensor:
    """Brightness, contrast and saturation; never hue, for colours are what the model must tell."""
    n = len(images)
    brightness, contrast, saturation = (
        _uniform(n, 1 - amount, 1 + amount, generator).view(n, 1, 1, 1) for _ in range(3)
    )
    images = images * brightness
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    images = mean + (images - mean) * contrast
    grey = images.mean(dim=1, keepdim=True)
    return (grey + (images - grey) * saturation).clamp(0, 1)


def _erase(images: Tensor, probability: float, generator: Generator) -> Tensor:
    """Random erasing (Zhong et al., AAAI 2020): a rectangle of 2 to 33 % of the area, aspect 0.3 to 3.3."""
    n, _, height, width = images.shape
    device = images.device
    area = _uniform(n, 0.02, 0.33, generator)
    aspect = _uniform(n, math.log(0.3), math.log(3.3), generator).exp()
    h = (area * aspect).sqrt().clamp(max=1) * height
    w = (area / aspect).sqrt().clamp(max=1) * width
    top = _uniform(n, 0, 1, generator) * (height - h)
    left = _uniform(n, 0, 1, generator) * (width - w)
    chosen = _uniform(n, 0, 1, generator) < probability
    y = torch.arange(height, device=device).view(1, height, 1)
    x = torch.arange(width, device=device).view(1, 1, width)
    t, b, le, r = (v.view(n, 1, 1) for v in (top, top + h, left, left + w))
    inside = (y >= t) & (y < b) & (x >= le) & (x < r) & chosen.view(n, 1, 1)
    return torch.where(inside.unsqueeze(1), images.mean(dim=(0, 2, 3), keepdim=True), images)
