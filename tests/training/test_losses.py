import numpy as np
import torch
import torch.nn.functional as F

from training.losses import attribute_loss, triplet_loss


def targets(n, seed=0):
    rng = np.random.default_rng(seed)
    values = np.zeros((n, 32), np.float32)
    for start, size in ((0, 4), (13, 9), (22, 10)):
        values[np.arange(n), start + rng.integers(0, size, n)] = 1
    values[:, 4:13] = rng.integers(0, 2, (n, 9))
    return torch.from_numpy(values)


def test_the_attribute_loss_is_the_plain_average_of_the_four_groups():
    logits, truth = torch.randn(6, 32), targets(6)
    expected = (
        F.cross_entropy(logits[:, :4], truth[:, :4].argmax(1))
        + F.binary_cross_entropy_with_logits(logits[:, 4:13], truth[:, 4:13])
        + F.cross_entropy(logits[:, 13:22], truth[:, 13:22].argmax(1))
        + F.cross_entropy(logits[:, 22:], truth[:, 22:].argmax(1))
    ) / 4
    torch.testing.assert_close(attribute_loss(logits, truth), expected)


def test_people_without_annotations_do_not_count():
    logits, truth = torch.randn(6, 32), targets(6)
    unknown = truth.clone()
    unknown[3:] = torch.nan
    torch.testing.assert_close(attribute_loss(logits, unknown), attribute_loss(logits[:3], truth[:3]))
    assert attribute_loss(logits, torch.full_like(truth, torch.nan)) == 0


def test_batch_hard_triplets_against_a_slow_reference():
    features, ids = torch.randn(12, 8), torch.arange(12) // 3
    expected = []
    for i in range(12):
        distance = [(features[i] - features[j]).norm().item() for j in range(12)]
        positive = max(distance[j] for j in range(12) if ids[j] == ids[i])
        negative = min(distance[j] for j in range(12) if ids[j] != ids[i])
        expected.append(max(0.0, positive - negative + 0.3))
    torch.testing.assert_close(triplet_loss(features, ids, 0.3), torch.tensor(expected).mean(), rtol=1e-4, atol=1e-4)


def test_balanced_losses_weigh_what_is_rare_as_the_paper_says():
    logits, truth = torch.randn(40, 32), targets(40)
    shares = truth.mean(dim=0).clamp(0.05, 0.95)
    shares[7] = 0.1
    weights = torch.where(truth > 0.5, torch.exp(1 - shares), torch.exp(shares))[:, 4:13]
    independent = (
        weights * F.binary_cross_entropy_with_logits(logits[:, 4:13], truth[:, 4:13], reduction="none")
    ).mean()
    exclusive = 0
    for start, stop in ((0, 4), (13, 22), (22, 32)):
        label = truth[:, start:stop].argmax(1)
        rarity = shares[start:stop] ** -0.5
        weight = rarity[label] / (shares[start:stop] * rarity).sum()
        exclusive += (weight * F.cross_entropy(logits[:, start:stop], label, reduction="none")).mean()
    torch.testing.assert_close(attribute_loss(logits, truth, shares), (exclusive + independent) / 4)
