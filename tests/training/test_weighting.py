import numpy as np

from surveil.evaluation.metrics.reid import evaluate_ranking
from surveil.model.embed import l2_normalize
from training.weighting import learn_weights


def people(seed):
    """Forty people by two cameras; of 24 dimensions the last 12 are noise."""
    rng = np.random.default_rng(seed)
    ids, cameras = np.repeat(np.arange(40), 4), np.tile([0, 0, 1, 1], 40)
    own = rng.normal(size=(40, 12))[ids] + 0.5 * rng.normal(size=(160, 12))
    noise = 1.5 * rng.normal(size=(160, 12))
    return l2_normalize(np.concatenate([own, noise], axis=1).astype(np.float32)), ids, cameras


def mean_average_precision(embeddings, ids, cameras):
    first, second = cameras == 0, cameras == 1
    return evaluate_ranking(
        embeddings[first], ids[first], cameras[first], embeddings[second], ids[second], cameras[second]
    ).mean_average_precision


def test_dimensions_of_noise_lose_and_other_people_are_ranked_better():
    embeddings, ids, cameras = people(0)
    weights = learn_weights(embeddings, ids, cameras)
    assert weights.min() > 0
    assert weights[:12].min() > weights[12:].max()
    unseen, ids, cameras = people(1)
    assert mean_average_precision(l2_normalize(unseen * weights), ids, cameras) > 0.05 + mean_average_precision(
        unseen, ids, cameras
    )


def test_without_gain_the_weights_stay():
    embeddings, ids, cameras = people(0)
    weights = learn_weights(embeddings, ids, cameras, decay=1e4)
    np.testing.assert_allclose(weights, 1, atol=0.02)
