import urllib.error

import pytest
import timm
import torch
import torchvision

from surveil.errors import CheckpointError
from surveil.model.attention import AttentionBlock
from surveil.model.network import build_network
from training.pretrained import fetch_imagenet, load_backbone, read_weights_file


@pytest.fixture(scope="module")
def imagenet():
    torch.manual_seed(3)
    return torchvision.models.resnet34(weights=None).state_dict()


def test_a_backbone_gives_the_feature_map_of_the_network_it_began_with(imagenet):
    source = torchvision.models.resnet34(weights=None).eval()
    source.load_state_dict(imagenet)
    trunk = torch.nn.Sequential(*list(source.children())[:-2])
    network = build_network("resnet34-attention").eval()
    load_backbone(network.backbone, imagenet, "test")
    images = torch.randn(1, 3, 64, 32)
    with torch.inference_mode():
        torch.testing.assert_close(network.backbone(images), trunk(images))


def test_stacked_attention_keeps_its_own_weights(imagenet):
    network = build_network("resnet34-attention-stacked")
    before = {n: m.map[0].weight.clone() for n, m in network.named_modules() if isinstance(m, AttentionBlock)}
    load_backbone(network.backbone, imagenet, "test")
    assert len(before) == 4
    for name, weight in before.items():
        torch.testing.assert_close(network.get_submodule(name).map[0].weight, weight)
    torch.testing.assert_close(network.backbone[7][2].conv2.weight, imagenet["layer4.2.conv2.weight"])


# As its publisher gives it: a classifier of 1000 classes.
def test_a_network_of_timm_takes_the_whole_classifier():
    torch.manual_seed(4)
    source = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    network = build_network("efficientnet-lite0-attention")
    load_backbone(network.backbone, source.state_dict(), "tf_efficientnet_lite0")
    given = source.state_dict()
    for key, value in network.backbone.body.state_dict().items():
        torch.testing.assert_close(value, given[key], msg=key)


def test_weights_of_another_network_are_refused(imagenet):
    with pytest.raises(CheckpointError, match=r"resnet34\.pth: not the weights of this backbone"):
        load_backbone(build_network("resnet18").backbone, imagenet, "resnet34.pth")


def test_a_file_that_would_run_code_is_refused(tmp_path):
    path = tmp_path / "weights.pth"
    torch.save({"code": print}, path)
    with pytest.raises(CheckpointError, match="not a weights file"):
        read_weights_file(path)


def test_a_file_of_tensors_is_read(tmp_path):
    path = tmp_path / "weights.pth"
    torch.save({"a": torch.ones(2)}, path)
    assert read_weights_file(path)["a"].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("architecture", "source"),
    [
        ("resnet34-attention-stacked", "ResNet34_Weights.IMAGENET1K_V1"),
        ("densenet121", "DenseNet121_Weights.IMAGENET1K_V1"),
        ("efficientnet-lite0-attention", "tf_efficientnet_lite0"),
    ],
)
def test_imagenet_weights_are_those_of_the_backbone(architecture, source, monkeypatch):
    asked = []

    class Fetched(torch.nn.Module):
        pass

    def create_model(name, *, pretrained):
        assert pretrained
        asked.append(name)
        return Fetched()

    def state_dict(weights, **_):
        asked.append(str(weights))
        return {}

    monkeypatch.setattr(timm, "create_model", create_model)
    monkeypatch.setattr(torchvision.models.WeightsEnum, "get_state_dict", state_dict)
    assert fetch_imagenet(architecture) == {}
    assert asked == [source]


def test_without_a_network_the_error_says_how_to_go_on(monkeypatch):
    def no_network(*_, **__):
        raise urllib.error.URLError("Name or service not known")

    monkeypatch.setattr(torchvision.models.WeightsEnum, "get_state_dict", no_network)
    with pytest.raises(CheckpointError, match=r"no ImageNet weights for resnet34.*--backbone-weights FILE\.pth"):
        fetch_imagenet("resnet34")
