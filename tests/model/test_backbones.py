import pytest
import torch

from surveil.model.backbones import efficientnet_backbone, torchvision_backbone


@pytest.mark.parametrize("name", ["alexnet", "resnet18", "resnet50", "densenet121"])
def test_every_backbone_gives_512_channels_that_are_never_negative(name):
    with torch.inference_mode():
        features = torchvision_backbone(name).eval()(torch.randn(1, 3, 128, 64))
    assert features.shape == (1, 512, *((3, 1) if name == "alexnet" else (4, 2)))
    assert features.min() >= 0


def test_a_finer_resnet_has_16_pixels_per_cell_and_the_same_weights():
    coarse, fine = torchvision_backbone("resnet34").eval(), torchvision_backbone("resnet34", stride=16).eval()
    fine.load_state_dict(coarse.state_dict())
    images = torch.randn(1, 3, 128, 64)
    with torch.inference_mode():
        assert coarse(images).shape == (1, 512, 4, 2)
        assert fine(images).shape == (1, 512, 8, 4)


def test_an_efficientnet_has_16_pixels_per_cell():
    with torch.inference_mode():
        assert efficientnet_backbone().eval()(torch.randn(1, 3, 128, 64)).shape == (1, 512, 8, 4)
