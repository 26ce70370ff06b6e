"""Analyze: `wsiview analyze`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsiview import __version__
from wsiview.analysis.paper_tables import paper_tables
from wsiview.analysis.patch_statistics import PatchStatistics
from wsiview.analysis.prediction import predicted_label
from wsiview.analysis.sampling import sample_patches
from wsiview.analysis.tables import write_tables
from wsiview.cli.reporting import Reporter
from wsiview.cli.slides import check_folder, check_seed
from wsiview.errors import MapError
from wsiview.explain.cohort import CohortEntry, read_cohort
from wsiview.maps.cluster_map import ClusterMap
from wsiview.maps.faults import DamagedMap, NotAMap
from wsiview.progress import Progress

_NEEDED = {
    "slide": ("fingerprint",),
    "model": ("fingerprint", "activation", "threshold", "target"),
    "clustering": ("name", "fingerprint", "gram", "fitted_on_this_slide"),
}


@dataclass(frozen=True)
class Patches:
    """The computed patches of one map, and how many could not be read."""

    statistics: PatchStatistics
    labels: NDArray[np.bool_]
    groups: NDArray[Any]
    unreadable: int


def run(arguments: argparse.Namespace, reporter: Reporter, progress: Progress) -> int:
    """Write the paper's tables over all maps; status 3 when some patches had been unreadable."""
    check_seed(arguments.seed)
    entries = read_cohort(arguments.maps, reporter.note)
    maps = [_open(entry) for entry in entries]
    _check_same(maps)
    check_folder(arguments.out)
    gathered = _gathered(entries, maps, progress)
    statistics = PatchStatistics.joined([one.statistics for one in gathered])
    labels = np.concatenate([one.labels for one in gathered])
    unreadable = sum(one.unreadable for one in gathered)
    chosen = sample_patches(
        len(labels), arguments.patches, arguments.seed, labels, stratified=arguments.sampling == "stratified"
    )
    groups = np.concatenate([one.groups for one in gathered])[chosen]
    tables = paper_tables(statistics.take(chosen), labels[chosen], _gram(maps[0]), groups, arguments.seed)
    files = write_tables(
        arguments.out,
        tables,
        _provenance(arguments, maps, len(labels), len(chosen), unreadable),
        linear_head=maps[0].attributes["model"].get("linear_head"),
    )
    if unreadable:
        reporter.note(f"{unreadable} patches could not be read when the maps were made and are left out")
    reporter.result(
        f"{arguments.out}: {', '.join(path.name for path in files)} from {tables.n_patches} patches of {len(maps)} "
        f"maps, {tables.positives} of them labelled positive by the model",
        out=str(arguments.out),
        files=[str(path) for path in files],
        patches=tables.n_patches,
        positives=tables.positives,
        maps=len(maps),
        unreadable=unreadable,
    )
    return 3 if unreadable else 0


def _gathered(entries: Sequence[CohortEntry], maps: Sequence[ClusterMap], progress: Progress) -> list[Patches]:
    """The patches of all maps."""
    gathered = []
    for number, (entry, one) in enumerate(zip(entries, maps, strict=True)):
        progress.report("reading maps", number, len(maps))
        try:
            gathered.append(_patches(one, entry))
        except (TypeError, ValueError) as error:
            raise DamagedMap(one.path, f"its patches can't be analysed: {error}") from error
    progress.report("reading maps", len(maps), len(maps))
    return gathered


def _open(entry: CohortEntry) -> ClusterMap:
    try:
        return _finished(entry.path)
    except NotAMap as error:
        if not entry.where:
            raise
        raise MapError(
            f"{entry.where}: {entry.path.name} is not a cluster map; of a cohort of slides give the maps that "
            "`wsiview map` has made, or a CSV that names these in its column slide"
        ) from error
    except MapError as error:
        raise MapError(entry.told(error)) from error


def _finished(path: Path) -> ClusterMap:
    found = ClusterMap.open(path)
    if not found.complete:
        raise MapError(f"{path} is not finished; run the same `wsiview map` again, it goes on where it stopped")
    found.check_whole()
    for thing, facts in _NEEDED.items():
        missing = [fact for fact in facts if fact not in found.attributes.get(thing, {})]
        if missing:
            raise DamagedMap(path, f"it doesn't say the {', '.join(missing)} of its {thing}")
    return found


def _gram(one: ClusterMap) -> NDArray[np.float64]:
    """G = H Hᵀ of the map's clustering."""
    try:
        gram = np.asarray(one.attributes["clustering"]["gram"], np.float64)
    except (TypeError, ValueError) as error:
        raise DamagedMap(one.path, "the products of its class vectors are no numbers") from error
    if gram.shape != (one.n_classes, one.n_classes) or not np.isfinite(gram).all():
        raise DamagedMap(one.path, "the products of its class vectors don't fit its classes")
    return gram


def _check_same(maps: Sequence[ClusterMap]) -> None:
    first = maps[0]
    for one in maps[1:]:
        for thing in ("clustering", "model"):
            if one.attributes[thing]["fingerprint"] != first.attributes[thing]["fingerprint"]:
                raise MapError(
                    f"{one.path} and {first.path} were made with different {thing}s; analyse maps of one {thing}"
                )
        if one.saliency_names != first.saliency_names:
            raise MapError(f"{one.path} and {first.path} hold different saliency maps; map both with the same ones")


def _patches(one: ClusterMap, entry: CohortEntry) -> Patches:
    model, logits = one.attributes["model"], one.logits
    names = PatchStatistics.column_names(one.saliency_names)
    statistics = PatchStatistics.from_columns({name: one.statistic(name) for name in names})
    kept = np.flatnonzero(statistics.computed & np.isfinite(logits).all(axis=1))
    labels = predicted_label(logits[kept], model["activation"], model["threshold"], model["target"])
    group = entry.patient or one.attributes["slide"]["fingerprint"]
    return Patches(statistics.take(kept), labels, np.full(len(kept), group), len(logits) - len(kept))


def _provenance(
    arguments: argparse.Namespace, maps: Sequence[ClusterMap], patches: int, drawn: int, unreadable: int
) -> dict[str, Any]:
    return {
        "software": f"wsiview {__version__}",
        "seed": arguments.seed,
        "sampling": arguments.sampling,
        "patches_computed": patches,
        "patches_drawn": drawn,
        "patches_unreadable": unreadable,
        "model": maps[0].attributes["model"],
        "clustering": {key: maps[0].attributes["clustering"][key] for key in ("name", "fingerprint")},
        # By digest: names of slides are often case numbers.
        "maps": [one.digest for one in maps],
        "fitted_on": sum(one.attributes["clustering"]["fitted_on_this_slide"] for one in maps),
    }
