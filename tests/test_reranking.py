import numpy as np
import pytest

from surveil.errors import DatasetError
from surveil.model.embed import l2_normalize
from surveil.reranking import reranked_similarities


def literal(queries, gallery, k1, k2, own_share):
    """The paper's procedure on whole matrices, word by word."""
    everyone = np.concatenate([queries, gallery]).astype(np.float64)
    n = len(everyone)
    distance = np.maximum(2 - 2 * everyone @ everyone.T, 0)
    distance /= distance.max(axis=1, keepdims=True)
    ranking = distance.argsort(axis=1)

    def reciprocal(i, k):
        return [j for j in ranking[i, : k + 1] if i in ranking[j, : k + 1]]

    weight = np.zeros((n, n))
    for i in range(n):
        own = set(reciprocal(i, k1))
        expanded = set(own)
        for candidate in own:
            other = set(reciprocal(candidate, round(k1 / 2)))
            if len(other & own) > 2 / 3 * len(other):
                expanded |= other
        members = sorted(expanded)
        weight[i, members] = np.exp(-distance[i, members]) / np.exp(-distance[i, members]).sum()
    weight = np.stack([weight[ranking[i, :k2]].mean(axis=0) for i in range(n)])
    final = np.zeros((len(queries), len(gallery)))
    for q in range(len(queries)):
        for g in range(len(gallery)):
            one, other = weight[q], weight[len(queries) + g]
            jaccard = 1 - np.minimum(one, other).sum() / np.maximum(one, other).sum()
            final[q, g] = (1 - own_share) * jaccard + own_share * distance[q, len(queries) + g]
    return 1 - final


def people(count, each, seed, spread=1.0):
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(count, 16))
    ids = np.repeat(np.arange(count), each)
    return l2_normalize((centres[ids] + spread * rng.normal(size=(len(ids), 16))).astype(np.float32)), ids


@pytest.mark.parametrize(("k1", "k2", "own_share"), [(6, 3, 0.3), (4, 1, 0.0), (9, 6, 0.7), (5, 2, 1.0)])
@pytest.mark.parametrize("seed", range(3))
def test_it_is_the_papers_procedure(k1, k2, own_share, seed):
    vectors, _ = people(8, 6, seed)
    queries, gallery = vectors[::6], np.delete(vectors, np.s_[::6], axis=0)
    found = reranked_similarities(queries, gallery, k1=k1, k2=k2, own_share=own_share)
    np.testing.assert_allclose(found, literal(queries, gallery, k1, k2, own_share), atol=2e-5)


def test_more_of_the_same_person_come_first():
    vectors, ids = people(20, 12, seed=1, spread=0.7)
    queries, gallery = np.arange(0, 240, 12), np.delete(np.arange(240), np.s_[::12])

    def share_found(similarities):
        first = np.argsort(-similarities, axis=1)[:, :11]
        return (ids[gallery][first] == ids[queries][:, None]).mean()

    plain = share_found(vectors[queries] @ vectors[gallery].T)
    assert share_found(reranked_similarities(vectors[queries], vectors[gallery], k1=10, k2=4)) > plain + 0.03


def test_too_few_images_are_refused():
    vectors, _ = people(2, 5, seed=0)
    with pytest.raises(DatasetError, match="more than 20 images, there are 10"):
        reranked_similarities(vectors[:2], vectors[2:])
