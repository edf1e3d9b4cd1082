import pytest
import torch

from surveil.attributes import AGE, BY_NAME, INDEPENDENT, LOWER, UPPER
from surveil.calibration import Calibration
from surveil.errors import CheckpointError
from surveil.model.attention import AttentionBlock
from surveil.model.network import build_network, probabilities


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return build_network("resnet34-attention").eval()


@pytest.mark.parametrize("size", [(128, 64), (96, 48), (256, 128)])
def test_any_input_size_gives_512_features_and_32_logits(network, size):
    with torch.inference_mode():
        outputs = network(torch.randn(2, 3, *size))
    assert outputs.pooled.shape == outputs.features.shape == (2, 512)
    assert outputs.logits.shape == (2, 32)


def test_attention_selects_and_never_erases():
    torch.manual_seed(0)
    features = torch.rand(2, 512, 4, 2) + 0.1
    ratio = AttentionBlock(512).eval()(features) / features
    assert ratio.min() > 1
    assert ratio.max() < 2


def test_the_map_has_the_shape_of_its_features_at_any_depth():
    assert AttentionBlock(128)(torch.rand(2, 128, 15, 7)).shape == (2, 128, 15, 7)


def test_stacked_attention_follows_the_second_and_third_layer_too():
    stacked = build_network("resnet34-attention-stacked").eval()
    plain = build_network("resnet34-attention").eval()
    own = [name for name, module in stacked.named_modules() if isinstance(module, AttentionBlock)]
    assert own == ["backbone.5.attention", "backbone.6.attention", "heads.2.attention", "heads.3.attention"]
    images = torch.randn(2, 3, 64, 32)
    missing, unexpected = stacked.load_state_dict(plain.state_dict(), strict=False)
    assert not unexpected
    assert all(name.startswith(tuple(own)) for name in missing)
    with torch.inference_mode():
        assert not torch.allclose(stacked(images).features, plain(images).features)
        for name in own[:2]:  # a map of zeros: what is left is the network without attention
            torch.nn.init.constant_(stacked.get_submodule(name).map[-2].weight, 0)
            torch.nn.init.constant_(stacked.get_submodule(name).map[-2].bias, -100)
        torch.testing.assert_close(stacked(images).features, plain(images).features)


def test_only_the_colour_heads_have_attention(network):
    attentive = [isinstance(head.attention, AttentionBlock) for head in network.heads]
    assert attentive == [False, False, True, True]


def test_hats_are_told_from_the_top_of_the_map_alone_and_by_their_own_head():
    torch.manual_seed(0)
    network = build_network("osnet-attention").eval()
    features, hat = torch.rand(2, 512, 8, 4), BY_NAME["hat"].outputs
    changed = torch.cat([features[:, :, :2], torch.rand(2, 512, 6, 4)], dim=2)
    before, after = network.logits(features), network.logits(changed)
    torch.testing.assert_close(before[:, hat], after[:, hat])
    torch.testing.assert_close(before[:, hat], network.hat_head(network.standardise(features)))
    assert not torch.allclose(network.logits(features.flip(2))[:, hat], before[:, hat], atol=1e-4)
    others = [column for column in range(32) if column != hat.start]
    by_groups = torch.cat([head(network.standardise(features)) for head in network.heads], dim=1)
    torch.testing.assert_close(before[:, others], by_groups[:, others])


def test_exclusive_groups_sum_to_one_and_the_others_are_independent():
    chances = probabilities(torch.randn(8, 32) * 5)
    for group in (AGE, UPPER, LOWER):
        assert torch.allclose(chances[:, group].sum(1), torch.ones(8))
    assert ((chances[:, INDEPENDENT] > 0) & (chances[:, INDEPENDENT] < 1)).all()


def test_probabilities_that_leave_the_model_are_those_that_training_sees():
    """Without a calibration; in NumPy and in PyTorch."""
    logits = torch.randn(8, 32) * 20
    torch.testing.assert_close(torch.from_numpy(Calibration().probabilities(logits.numpy())), probabilities(logits))


@pytest.mark.parametrize("name", ["vgg", "timm/hf-hub:x/y", "timm/resnet18", {"activation": "print"}, ["resnet18"]])
def test_an_architecture_that_is_not_on_the_list_is_refused(name):
    with pytest.raises(CheckpointError, match="unknown architecture"):
        build_network(name)
