"""What a match is worth among many candidates.

The calibrated probability of a pair supposes that half of all pairs show one person. Among N candidates of whom k are
expected to show the person, one in N/k does: by Bayes' rule the odds of a match are those of the calibration times
k / (N - k). Summed over the matches from the first down to one, the probabilities that remain are the number of false
matches to expect among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from surveil.search.filters import Filters, candidates
from surveil.store.tables import SightingRow


@dataclass(frozen=True, slots=True)
class GallerySize:
    """Whom a search chooses from.

    Attributes:
        candidates: Sightings that pass the filters.
        expected: How many of them are expected to show the person.
    """

    candidates: int
    expected: float

    @property
    def prior(self) -> float:
        """The probability that a candidate drawn at random shows the person."""
        return min(self.expected / self.candidates, 0.5) if self.candidates else 0.5


def in_gallery(probabilities: Sequence[float], gallery: GallerySize) -> list[float]:
    """The probability of each match among the candidates, from that of a pair of which half show one person."""
    odds = gallery.prior / (1 - gallery.prior)
    return [p * odds / (p * odds + 1 - p) if 0 < p < 1 else p for p in probabilities]


def expected_false(probabilities: Sequence[float]) -> list[float]:
    """For each match: how many false ones to expect among it and those before it."""
    total, sums = 0.0, []
    for probability in probabilities:
        total += 1 - probability
        sums.append(total)
    return sums


def gallery_of(session: Session, filters: Filters) -> GallerySize:
    """The gallery of a search: as many of the candidates show the person as an identity has sightings, in proportion.

    Before the first clustering it is one.

    Raises:
        QueryError: A filter is wrong.
    """
    count = select(func.count())
    passing = session.scalar(count.select_from(candidates(session, filters).subquery())) or 0
    everybody = session.scalar(count.select_from(SightingRow)) or 0
    known, identities = session.execute(
        select(func.count(), func.count(SightingRow.identity_id.distinct())).where(SightingRow.identity_id.is_not(None))
    ).one()
    each = known / identities if identities else 1.0
    return GallerySize(passing, max(1.0, each * passing / everybody) if everybody else 1.0)
