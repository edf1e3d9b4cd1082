import torch

from training.augment import augment
from training.recipes import Augmentation

OFF = {"flip": 0.0, "erase": 0.0, "rotate": 0.0, "shift": 0.0, "jitter": 0.0}


def images():
    return torch.rand(6, 3, 64, 32, generator=torch.Generator().manual_seed(1))


def run(**strength):
    return augment(images(), Augmentation(**{**OFF, **strength}), torch.Generator().manual_seed(0))


def test_nothing_asked_nothing_changed():
    torch.testing.assert_close(run(), images(), atol=1e-4, rtol=1e-4)


def test_a_flip_mirrors():
    torch.testing.assert_close(run(flip=1.0), images().flip(3), atol=1e-4, rtol=1e-4)


def test_erasing_covers_part_of_every_image():
    changed = (run(erase=1.0) - images()).abs().sum(1) > 1e-3
    share = changed.float().mean(dim=(1, 2))
    assert ((share > 0.005) & (share < 0.5)).all()


def test_jitter_stays_in_range_and_differs_between_images():
    out = run(jitter=0.3)
    assert out.min() >= 0
    assert out.max() <= 1
    assert len(set((out.mean(dim=(1, 2, 3)) - images().mean(dim=(1, 2, 3))).tolist())) == 6


def test_rotation_keeps_shapes_in_a_tall_image():
    square = torch.zeros(1, 3, 64, 32)
    square[:, :, 24:40, 8:24] = 1
    out = augment(square, Augmentation(**{**OFF, "rotate": 15.0}), torch.Generator().manual_seed(3))
    assert not torch.equal(out, square)
    assert abs(out.mean() - square.mean()) / square.mean() < 0.03
