"""How well groups of images are people, when nobody says how many people there are."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from sklearn.metrics import adjusted_mutual_info_score

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ClusteringQuality:
    """Shares are 0 to 1.

    Attributes:
        pairwise_precision: Of the pairs in one group, the share that shows one person.
        pairwise_recall: Of the pairs of one person, the share in one group.
        pairwise_f: Their harmonic mean.
        b_cubed_precision: Mean over images of the share of their group that shows their person (Bagga and
            Baldwin, 1998).
        b_cubed_recall: Mean over images of the share of their person's images that are in their group.
        b_cubed_f: Their harmonic mean.
        adjusted_mutual_information: 1 for a perfect grouping, 0 for what chance reaches (Vinh et al., JMLR 2010).
        clusters_per_person: Mean number of groups that a person's images are spread over.
        purity: Share of images whose group shows their person more often than any other.
        purity_by_camera: The same among each camera's images.
        clusters: Groups.
        people: Identities.
        images: Images.
    """

    pairwise_precision: float
    pairwise_recall: float
    pairwise_f: float
    b_cubed_precision: float
    b_cubed_recall: float
    b_cubed_f: float
    adjusted_mutual_information: float
    clusters_per_person: float
    purity: float
    purity_by_camera: dict[int, float]
    clusters: int
    people: int
    images: int

    def summary(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


def clustering_quality(groups: Ids, ids: Ids, cameras: Ids) -> ClusteringQuality:
    """Compare a grouping with the people that the images show.

    Args:
        groups: (N,) group of each image, N of at least 1.
        ids: (N,) identity of each.
        cameras: (N,) camera of each.
    """
    numbers, group = np.unique(groups, return_inverse=True)
    people, person = np.unique(ids, return_inverse=True)
    table = coo_array((np.ones(len(ids), np.int64), (group, person)), shape=(len(numbers), len(people))).tocsr()
    table.sum_duplicates()
    together = table.tocoo()
    in_group, of_person = np.bincount(group), np.bincount(person)
    count, sizes, shown = together.data, in_group[together.row], of_person[together.col]
    both = _pairs(count).sum()
    precision, recall = _share(both, _pairs(in_group).sum()), _share(both, _pairs(of_person).sum())
    b_precision = float((count**2 / sizes).sum() / len(ids))
    b_recall = float((count**2 / shown).sum() / len(ids))
    pure = np.asarray(table.argmax(axis=1)).ravel()[group] == person
    return ClusteringQuality(
        precision,
        recall,
        _harmonic(precision, recall),
        b_precision,
        b_recall,
        _harmonic(b_precision, b_recall),
        float(adjusted_mutual_info_score(person, group)),
        len(count) / len(people),
        float(pure.mean()),
        {int(camera): float(pure[cameras == camera].mean()) for camera in np.unique(cameras)},
        len(numbers),
        len(people),
        len(ids),
    )


def _pairs(sizes: Ids) -> Ids:
    pairs: Ids = sizes.astype(np.int64) * (sizes - 1) // 2
    return pairs


def _share(part: int, whole: int) -> float:
    """A share; where there is nothing to be wrong about, nothing is wrong."""
    return float(part / whole) if whole else 1.0


def _harmonic(a: float, b: float) -> float:
    return 2 * a * b / (a + b) if a + b else 0.0
