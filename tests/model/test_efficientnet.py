"""EfficientNet-Lite0 against timm's, which it is written after."""

import pytest
import timm
import torch

from surveil.model.efficientnet import CHANNELS, EfficientNetLite0


@pytest.mark.parametrize("last_stride", [2, 1])
def test_it_gives_what_timm_gives_with_the_same_weights(last_stride):
    torch.manual_seed(0)
    reference = timm.create_model("tf_efficientnet_lite0", pretrained=False, num_classes=0, global_pool="").eval()
    if last_stride == 1:
        reference.blocks[5][0].conv_dw.stride = (1, 1)
    for module in reference.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
    network = EfficientNetLite0(last_stride).eval()
    network.load_state_dict(reference.state_dict())
    for size in ((128, 64), (255, 97)):
        images = torch.randn(2, 3, *size)
        with torch.inference_mode():
            expected = reference.forward_features(images)
            got = network(images)
        assert got.shape == expected.shape
        assert got.shape[1] == CHANNELS
        torch.testing.assert_close(got, expected)


def test_its_random_weights_are_spread_like_timms():
    reference = timm.create_model("tf_efficientnet_lite0", pretrained=False, num_classes=0, global_pool="").state_dict()
    for name, weight in EfficientNetLite0().state_dict().items():
        if weight.ndim == 4 and weight.numel() > 2000:
            assert float(weight.std()) == pytest.approx(float(reference[name].std()), rel=0.1), name
