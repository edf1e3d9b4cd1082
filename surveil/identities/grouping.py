"""Grouping sightings into people: a similarity graph, its parts, average linkage inside each."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from surveil.identities.constraints import Constraints
from surveil.identities.graph import Graph, Vectors, similarity_graph
from surveil.identities.linkage import average_linkage, number_groups
from surveil.types import Floats

MAX_TOGETHER = 4096
"""Groups that are compared each with each: 64 MiB of similarities."""
_COMMUNITY = 1500
"""Size that communities are first looked for in: far above one person's, so that hardly anybody is cut in two."""
_FINER = 2.0
"""How much denser communities must be when some were too large."""
JOINED = 0.8
"""The part that is done when the graph is there, where there are many."""
_AT_A_TIME = 1024
"""Groups whose means are made, and edges whose similarity is, at a time."""

Ids = NDArray[np.int64]


def group_sightings(
    vectors: Vectors,
    threshold: float,
    constraints: Constraints,
    *,
    together: int = MAX_TOGETHER,
    tell: Callable[[float], object] = lambda _: None,
) -> Ids:
    """Average linkage of any number of sightings, in memory that grows with their number only.

    Two groups merge only where their mean similarity, and so that of some pair, reaches the threshold. What average
    linkage puts together is therefore connected in the graph of such pairs, and each connected part of it is grouped
    by itself; a part too large for that is cut into communities. Then the groups are the nodes, joined where their
    mean similarity reaches the threshold, and so on until nothing merges: what a cut separated comes together again.

    Args:
        vectors: (n, d) of unit length.
        threshold: Least mean similarity of two groups that are one.
        constraints: What is never violated.
        together: Largest part that is grouped at once.
        tell: Told the part that is done, 0 to 1; what it raises ends the work.

    Returns:
        (n,) group of each sighting, from 0 in the order of the first member.
    """
    graph = similarity_graph(vectors, threshold, tell=lambda part: tell(JOINED * part))
    allowed = ~constraints.forbidden(graph.pairs)
    graph = Graph(graph.pairs[allowed], graph.similarity[allowed])
    groups = _Groups.of(vectors, constraints.bundles)
    edges, similarity = groups.labels[graph.pairs], graph.similarity
    left = 1 - JOINED
    while True:
        merged, done = np.arange(len(groups)), 0
        for part in parts(edges, similarity, len(groups), together):
            members, local = groups.members(part)
            conflicts = constraints.conflicts(members, local, len(part))
            sums = groups.sums(part)
            merged[part] = part[_firsts(average_linkage(sums, groups.sizes[part], threshold, conflicts))]
            done += len(members)
            tell(1 - left * (1 - done / len(vectors) / 2))  # how many rounds there will be is not known
        if (merged == np.arange(len(merged))).all():
            return number_groups(groups.labels)
        left /= 2
        groups = _Groups.of(vectors, np.unique(merged, return_inverse=True)[1][groups.labels])
        edges = groups.between(graph.pairs)
        similarity = groups.similarity(edges)
        near = similarity >= threshold
        edges, similarity = edges[near], similarity[near]


class _Groups:
    """A grouping at one moment, with what its groups have in sum.

    Attributes:
        labels: (n,) group of each vector, from 0.
        sizes: (m,) vectors in each group.
    """

    def __init__(self, vectors: Vectors, labels: Ids, order: Ids, starts: Ids) -> None:
        self.labels, self.sizes = labels, np.diff(starts)
        self._vectors, self._order, self._starts = vectors, order, starts

    @classmethod
    def of(cls, vectors: Vectors, labels: Ids) -> _Groups:
        starts = np.concatenate([[0], np.bincount(labels).cumsum()])
        return cls(vectors, labels, np.argsort(labels, kind="stable"), starts)

    def __len__(self) -> int:
        return len(self.sizes)

    def between(self, pairs: Ids) -> Ids:
        """(k, 2) groups that pairs of vectors join, each two once."""
        ends = self.labels[pairs]
        ends = ends[ends[:, 0] != ends[:, 1]]
        joined = np.unique(ends.min(axis=1) * len(self) + ends.max(axis=1))
        return np.column_stack(np.divmod(joined, len(self)))

    def members(self, groups: Ids) -> tuple[Ids, Ids]:
        """The vectors in some groups, one group after the other, and for each the position of its group."""
        sizes = self.sizes[groups]
        local = np.repeat(np.arange(len(groups)), sizes)
        within = np.arange(len(local)) - np.repeat(sizes.cumsum() - sizes, sizes)
        return self._order[self._starts[groups][local] + within], local

    def sums(self, groups: Ids) -> Floats:
        """(k, d) sums of the vectors of some groups."""
        members, _ = self.members(groups)
        sizes = self.sizes[groups]
        added: Floats = np.add.reduceat(self._vectors[members].astype(np.float32), sizes.cumsum() - sizes, axis=0)
        return added

    def similarity(self, edges: Ids) -> Floats:
        """(k,) mean similarity of pairs of groups."""
        ends, at = np.unique(edges, return_inverse=True)
        at = at.reshape(edges.shape)
        means = np.empty((len(ends), self._vectors.shape[1]), np.float32)
        for start in range(0, len(ends), _AT_A_TIME):
            block = ends[start : start + _AT_A_TIME]
            means[start : start + len(block)] = self.sums(block) / self.sizes[block][:, None].astype(np.float32)
        found = np.empty(len(edges), np.float32)
        for start in range(0, len(edges), _AT_A_TIME):
            left, right = at[start : start + _AT_A_TIME].T
            found[start : start + len(left)] = np.einsum("ij,ij->i", means[left], means[right])
        return found


def parts(edges: Ids, weights: Floats, count: int, limit: int) -> Iterator[Ids]:
    """The connected parts of a graph, those above a limit cut into communities below it; nodes alone are left out.

    The communities are those of the constant Potts model, found with the Leiden algorithm (Traag, Waltman and van
    Eck, "From Louvain to Leiden: guaranteeing well-connected communities", 2019).

    Args:
        edges: (m, 2) pairs of nodes.
        weights: (m,) weight of each edge.
        count: How many nodes there are.
        limit: How many nodes a part may have.
    """
    label = _components(edges, count)
    dense = float(weights.mean()) / 2 if len(weights) else 0.0  # what all know each other in, nothing cuts in two
    resolution = min(2 * float(weights.sum()) / max(1, len(np.unique(edges))) / min(_COMMUNITY, limit), dense)
    while True:
        sizes = np.bincount(label, minlength=1)
        large = sizes[label] > limit
        yield from _gather(label, (sizes[label] > 1) & ~large)
        nodes = np.flatnonzero(large)
        if not len(nodes):
            return
        if resolution > dense:
            for part in _gather(label, large):
                yield from np.split(part, range(limit, len(part), limit))
            return
        inside = large[edges[:, 0]] & (label[edges[:, 0]] == label[edges[:, 1]])
        found = leiden(np.searchsorted(nodes, edges[inside]), weights[inside], len(nodes), resolution)
        label = np.arange(count)
        label[nodes] = count + found
        resolution *= _FINER


def leiden(edges: Ids, weights: Floats, count: int, resolution: float) -> Ids:
    """(count,) community of each node."""
    import igraph

    igraph.set_random_number_generator(random.Random(0))
    graph = igraph.Graph(n=count, edges=edges)
    communities = graph.community_leiden(
        objective_function="CPM", weights=weights.tolist(), resolution=resolution, n_iterations=2
    )
    return np.array(communities.membership, np.int64)


def _components(edges: Ids, count: int) -> Ids:
    links = coo_array((np.ones(len(edges), bool), (edges[:, 0], edges[:, 1])), shape=(count, count))
    return connected_components(links, directed=False)[1].astype(np.int64)


def _gather(label: Ids, wanted: NDArray[np.bool_]) -> Iterator[Ids]:
    """The wanted nodes, those with one label together."""
    nodes = np.flatnonzero(wanted)
    nodes = nodes[np.argsort(label[nodes], kind="stable")]
    if len(nodes):
        yield from np.split(nodes, np.flatnonzero(np.diff(label[nodes])) + 1)


def _firsts(groups: Ids) -> Ids:
    """For each element the position of the first one in its group."""
    return np.unique(groups, return_index=True)[1][groups]
