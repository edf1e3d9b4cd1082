import pytest
import torch

from surveil.attributes import AGE, INDEPENDENT, LOWER, UPPER
from surveil.errors import CheckpointError
from surveil.model.network import AttentionBlock, build_network, probabilities


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
    ratio = AttentionBlock().eval()(features) / features
    assert ratio.min() > 1
    assert ratio.max() < 2


def test_only_the_colour_heads_have_attention(network):
    attentive = [isinstance(head.attention, AttentionBlock) for head in network.heads]
    assert attentive == [False, False, True, True]


def test_exclusive_groups_sum_to_one_and_the_others_are_independent():
    chances = probabilities(torch.randn(8, 32) * 5)
    for group in (AGE, UPPER, LOWER):
        assert torch.allclose(chances[:, group].sum(1), torch.ones(8))
    assert ((chances[:, INDEPENDENT] > 0) & (chances[:, INDEPENDENT] < 1)).all()


def test_an_unknown_architecture_is_refused():
    with pytest.raises(CheckpointError, match="unknown architecture 'vgg'"):
        build_network("vgg")
