from itertools import islice

import numpy as np

from training.sampler import identity_batches

IDS = np.repeat(np.arange(20), 7)
POOLS = [(np.arange(12), 4), (np.arange(12, 20), 2)]


def test_a_batch_has_p_identities_of_k_different_images_from_each_pool():
    for batch in islice(identity_batches(IDS, POOLS, images=3, seed=0), 20):
        assert len(batch) == len(set(batch)) == 18
        people, counts = np.unique(IDS[batch], return_counts=True)
        assert (counts == 3).all()
        assert (people < 12).sum() == 4
        assert (people >= 12).sum() == 2


def test_an_identity_with_too_few_images_repeats_them():
    [batch] = islice(identity_batches(np.array([0, 1, 1]), [(np.arange(2), 2)], images=4, seed=0), 1)
    assert len(batch) == 8


def test_a_resumed_run_sees_the_batches_of_an_undisturbed_one():
    whole = list(islice(identity_batches(IDS, POOLS, images=3, seed=5), 6))
    resumed = list(islice(identity_batches(IDS, POOLS, images=3, seed=5, first_step=4), 2))
    np.testing.assert_array_equal(whole[4:], resumed)
    assert not np.array_equal(whole[0], whole[1])
