"""Results as tables, in per cent, under the headings of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from surveil.evaluation.metrics.attribute_query import AttributeQueryResult
from surveil.evaluation.metrics.attributes import AttributeResult, AttributesResult
from surveil.evaluation.metrics.clustering import ClusteringQuality
from surveil.evaluation.metrics.filters import FilterCurves, FilterFigures
from surveil.evaluation.metrics.paper_accounting import COLUMNS, FIRST_TEN, PUBLISHED, PaperAccounting
from surveil.evaluation.metrics.reid import ReIDResult
from surveil.evaluation.protocols import paper
from surveil.evaluation.protocols.official import OfficialResult
from surveil.evaluation.protocols.paper import PaperResult
from surveil.evaluation.speed import ROUNDS, THREADS, Speed
from surveil.formatting import percent


@dataclass(frozen=True, slots=True)
class Table:
    """A table for whoever prints it; every column but the first holds numbers."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str


Sections = dict[str, tuple[Table, ...]]
REID, IDENTITIES, ATTRIBUTES = "Re-identification", "Identities", "Attributes"
_REID_TITLE = "Re-identification, single query, official protocol (%)"
_REID_FIGURES = {"mAP": "mAP", "Rank-1": "rank1", "Rank-5": "rank5", "Rank-10": "rank10", "mINP": "mINP"}


def official_sections(result: OfficialResult) -> Sections:
    """The tables of the official protocol; without annotations none of attributes."""
    sections: Sections = {
        REID: (reid_table(result.reid, None if result.same_person is None else result.same_person.error),),
        IDENTITIES: (clustering_table(result.clustering, result.card.cluster_threshold),),
    }
    if result.attributes is not None:
        sections[ATTRIBUTES] = (
            attributes_table(result.attributes.recognition),
            filters_table(result.attributes.filters),
            filter_curves_table(result.attributes.filter_curves),
            attribute_query_table(result.attributes.queries),
            accounting_table(result.attributes.accounting),
        )
    return sections


def paper_sections(result: PaperResult) -> Sections:
    """The table of the paper's protocol."""
    return {REID: (paper_table(result),)}


def reid_table(results: dict[str, ReIDResult], same_person_error: float | None = None) -> Table:
    """One row per way of ranking the gallery; the calibration error of matches (0 to 1) under it."""
    note = _counted(next(iter(results.values())))
    if same_person_error is not None:
        error = percent(same_person_error, 1)
        note += f"\nProbability of a match, half of all pairs being one: calibration error {error}"
    rows = tuple((name, *_reid_cells(result)) for name, result in results.items())
    return Table(_REID_TITLE, ("ranked by", *_REID_FIGURES), rows, note)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a model stands beside others.

    Attributes:
        model: Its name.
        runtime: What ran it.
        input_size: (height, width) of its pictures.
        reid: Figures by what ranked the gallery.
    """

    model: str
    runtime: str
    input_size: tuple[int, int]
    reid: Mapping[str, ReIDResult]


def standings_table(standings: Sequence[Standing]) -> Table:
    """One row per model and way of ranking the gallery."""
    rows = [
        (standing.model, name, standing.runtime, "{}x{}".format(*standing.input_size), *_reid_cells(result))
        for standing in standings
        for name, result in standing.reid.items()
    ]
    note = _counted(next(iter(standings[0].reid.values())))
    return Table(_REID_TITLE, ("model", "ranked by", "runtime", "input", *_REID_FIGURES), tuple(rows), note)


def speed_table(speeds: Sequence[Speed]) -> Table:
    """One row per model."""
    first = speeds[0]
    rows = tuple(
        (
            speed.model,
            f"{speed.crops_per_second:.0f}",
            f"{speed.cpu_milliseconds:.1f}",
            f"{speed.crops_per_second / first.crops_per_second:.2f}",
            f"{first.cpu_milliseconds / speed.cpu_milliseconds:.2f}",
        )
        for speed in speeds
    )
    return Table(
        "Speed, from pictures to vectors",
        ("model", "crops a second", "CPU ms a crop", "first = 1", "by CPU time"),
        rows,
        f"The same crops in turns, {THREADS} threads each, median of {ROUNDS} rounds. Higher is faster in the last two "
        f"columns.\nOther work on the machine slows down the clock on the wall, and hardly the CPU time.",
    )


def _reid_cells(result: ReIDResult) -> tuple[str, ...]:
    summary = result.summary()
    return tuple(_points(summary[key]) for key in _REID_FIGURES.values())


def _counted(result: ReIDResult) -> str:
    return (
        f"{result.queries} queries ({result.unmatched} more had no match and are left out), "
        f"{result.gallery} gallery images without junk"
    )


def clustering_table(result: ClusteringQuality, threshold: float) -> Table:
    """One row per figure of a grouping that was not told how many people there are."""
    rows = [
        ("pairwise precision", _points(result.pairwise_precision)),
        ("pairwise recall", _points(result.pairwise_recall)),
        ("pairwise F", _points(result.pairwise_f)),
        ("B-cubed precision", _points(result.b_cubed_precision)),
        ("B-cubed recall", _points(result.b_cubed_recall)),
        ("B-cubed F", _points(result.b_cubed_f)),
        ("adjusted mutual information", _points(result.adjusted_mutual_information)),
        ("purity", _points(result.purity)),
        *((f"purity, camera {camera}", _points(value)) for camera, value in result.purity_by_camera.items()),
        ("clusters per person", f"{result.clusters_per_person:.2f}"),
    ]
    return Table(
        "Identities without knowing how many (%)",
        ("figure", "value"),
        tuple(rows),
        f"{result.images} gallery images of {result.people} people fell into {result.clusters} groups: average linkage "
        f"at the model's threshold, {threshold:.2f}, every image by itself.",
    )


def attributes_table(result: AttributesResult) -> Table:
    """One row per attribute, the constant predictor's figures in brackets beside the model's."""
    rows = [_attribute_row(row) for row in result.attributes]
    means = result.means()
    mean = (
        "mean",
        _beside(means["accuracy"], means["constant_accuracy"]),
        _beside(means["balanced_accuracy"], means["constant_balanced_accuracy"]),
        "",
        "",
        f"{_beside(means['f1_binary'], means['constant_f1_binary'])} binary",
        _points(means["auc"]),
        _points(means["calibration_error"]),
        _points(means["chance_calibration_error"]),
    )
    return Table(
        "Attributes (%), in brackets the constant predictor",
        ("attribute", "accuracy", "balanced", "precision", "recall", "F1", "AUC", "ECE", "chance"),
        (*rows, mean),
        f"{result.images} gallery images of annotated people. The constant predictor always gives the label that is "
        "commonest among them.\nPrecision, recall and F1 are those of the label behind a name, or of yes, at the "
        "model's thresholds; F1 and AUC of\nage and colours are means over their labels. ECE: expected calibration "
        "error in 15 bins; chance: that of a\nmodel right just as often as it says, on so few people (simulated).",
    )


def _attribute_row(row: AttributeResult) -> tuple[str, ...]:
    return (
        row.attribute.title,
        _beside(row.model.accuracy, row.constant.accuracy),
        _beside(row.model.balanced_accuracy, row.constant.balanced_accuracy),
        _points(row.model.precision),
        _points(row.model.recall),
        _beside(row.model.f1, row.constant.f1),
        _points(row.model.auc),
        _points(row.model.calibration_error),
        _points(row.chance_error),
    )


def filters_table(result: Mapping[str, FilterFigures]) -> Table:
    """One row per value that a search can ask for and somebody has."""

    def told(one: FilterFigures) -> tuple[str, str]:
        return _points(one.precision), _points(one.recall)

    return Table(
        "Filters of a search (%)",
        ("filter", "precision", "recall", "only: precision", "recall", "not: precision", "recall", "have it"),
        tuple(
            (
                name.replace("_", " "),
                *(figure for prefix in ("", "only ", "not ") for figure in told(result[f"{prefix}{name}"])),
                _points(row.share),
            )
            for name, row in result.items()
            if row.recall is not None and not name.startswith(("only ", "not "))
        ),
        "At the model's thresholds, as `surveil search` asks; with --only, and with --not, of those who do not have "
        "it.\nBy chance alone the precision would be what the last column says (with --not, what it leaves of 100).",
    )


def filter_curves_table(result: FilterCurves) -> Table:
    """One row per value, one column per least probability; the lowest, which asks for hardly anything, does not fit."""

    def told(one: FilterFigures) -> str:
        return f"{percent(one.precision, sign='') or '-'}/{percent(one.recall, sign='')}"

    return Table(
        "Filters of a search by least probability, precision/recall (%)",
        ("filter", *(f"{least:g}" for least in result.least[1:])),
        tuple((name.replace("_", " "), *map(told, row[1:])) for name, row in result.figures.items()),
        'As `surveil search` asks with --min-confidence; "-" where nobody passes.',
    )


def accounting_table(result: PaperAccounting) -> Table:
    """The paper's Table 1 with a row for the model; one column per work, as eighteen columns of numbers do not fit."""
    ours = {"the model": result.model, "constant": result.constant}
    works = {name: [100 * v for v in (*(row[c] for c in COLUMNS), *result.averages(row))] for name, row in ours.items()}
    works = {**{name: list(values) for name, values in PUBLISHED.items()}, **works}
    labels = [*COLUMNS.values(), f"average of the first {FIRST_TEN}", "average of all 12"]
    return Table(
        "Attribute accuracy in the paper's accounting (%)",
        ("attribute", *works),
        tuple((label, *(f"{values[i]:.1f}" for values in works.values())) for i, label in enumerate(labels)),
        "Every output counts as its own yes or no at one half, age and colours too, so a constant answer scores as "
        "high\nas the last column. Only the model and the constant answer were measured here, on the images at hand.",
    )


def attribute_query_table(result: AttributeQueryResult) -> Table:
    """What descriptions in all 12 attributes find."""
    return Table(
        "From attributes to people (%)",
        ("ranked by", "mAP", "Rank-1"),
        (
            ("attribute probabilities", _points(result.mean_average_precision), _points(result.rank1)),
            ("chance", _points(result.chance), ""),
        ),
        f"{result.queries} descriptions: each distinct combination of the 12 attributes; every image of a person whom "
        "it fits is a match.",
    )


def paper_table(result: PaperResult) -> Table:
    """One row per part of the dataset, clustering and kind of vector, as the paper's ablation goes."""
    rows = [
        (
            f"{part}, {row.method}, {row.vectors}",
            f"{row.people}",
            f"{row.gallery}",
            _points(row.mean_average_precision),
            _points(row.spread if row.draws > 1 else None),
            _points(row.ranked_mean_average_precision),
        )
        for part, found in result.found.items()
        for row in found
    ]
    untold = "" if paper.VALIDATION in result.found else "The card does not tell which identities were held out.\n"
    stated = " and ".join(f"{_points(figure)} on {part}" for part, figure in paper.PUBLISHED.items())
    return Table(
        "Re-identification, the paper's protocol (%); not comparable with the official one",
        ("grouped", "people", "gallery", "mAP", "spread", "all groups"),
        tuple(rows),
        f"{untold}mAP: the nearest group is the answer, as in the paper, which states {stated}.\n"
        "The model has learned from the people of train, except from those of validation.\n"
        f"Spread: standard deviation over {paper.DRAWS} draws of queries. All groups: mAP when the others follow.",
    )


def _points(share: float | None) -> str:
    return percent(share, 1, sign="")


def _beside(model: float | None, constant: float | None) -> str:
    return "" if model is None else f"{_points(model)} ({_points(constant)})"
