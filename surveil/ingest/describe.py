"""From tracks to sightings: what the people on them look like, each track split where it passed to another person."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from itertools import islice
from typing import Protocol

from surveil.ingest.not_people import NotPeople, is_nobody
from surveil.ingest.split_tracklet import MIN_ONE_PERSON, split_tracklet
from surveil.model.embed import summarise
from surveil.people.track import Tracker
from surveil.settings import Settings
from surveil.types import Appearance, Image, Sighting, Track

CROPS_PER_STORED_CROP = 2
"""Crops described at most for each one that is kept: the others tell whether a track passed to another person."""


def make_tracker(settings: Settings) -> Tracker:
    """A tracker that keeps those crops of a track that `describe_tracks` needs."""
    return Tracker(
        fps=settings.fps,
        gap_seconds=2 * settings.gate_forced_seconds,
        min_detections=settings.track_min_detections,
        crops=settings.crops_per_track,
        more_crops=(CROPS_PER_STORED_CROP - 1) * settings.crops_per_track,
    )


class DescribesPeople(Protocol):
    """Says what the people on crops look like."""

    def describe(self, crops: Sequence[Image]) -> list[Appearance]: ...

    def similarity_of(self, probability: float) -> float | None: ...


def describe_tracks(
    model: DescribesPeople, tracks: Sequence[Track], crops_per_track: int, left_out: NotPeople | None = None
) -> list[Sighting]:
    """The sightings of these tracks, with the best crops of each: several after ID switches.

    Args:
        model: Describes all crops of all tracks, together.
        tracks: Finished tracks, each with a crop.
        crops_per_track: So many crops of a sighting are kept at most.
        left_out: Takes tracks that never move and look like nobody; None: each track is a sighting, or several.
    """
    appearances = iter(model.describe([crop.image for track in tracks for crop in track.crops]))
    minimum = model.similarity_of(MIN_ONE_PERSON)
    sightings = []
    for track in tracks:
        of_crops = list(islice(appearances, len(track.crops)))
        if left_out is not None and is_nobody(track, of_crops):
            left_out.add(track)
            continue
        if minimum is None or track.is_one_person:
            parts = [(track, of_crops)]
        else:
            parts = split_tracklet(track, of_crops, minimum)
        sightings += [_sighting(part, of_part, crops_per_track) for part, of_part in parts]
    return sightings


def _sighting(track: Track, appearances: Sequence[Appearance], max_crops: int) -> Sighting:
    """The track with the best of its crops, best first, and what these say."""
    order = sorted(range(len(track.crops)), key=lambda index: -track.crops[index].quality)[:max_crops]
    crops = tuple(track.crops[index] for index in order)
    summary = summarise([appearances[index] for index in order], [crop.quality for crop in crops])
    return Sighting(dataclasses.replace(track, crops=crops), summary)
