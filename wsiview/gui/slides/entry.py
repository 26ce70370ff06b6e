"""Entry: what is known of a slide in the list without opening it; looked up on a job's thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from wsiview.errors import MapError, WsiviewError
from wsiview.explain.request import Described, map_folder, map_request
from wsiview.gui.inputs import ChosenClustering
from wsiview.maps.facts import read_facts
from wsiview.models.bundle import Bundle
from wsiview.progress import Progress

MapState = Literal["none", "begun", "finished"]


@dataclass(frozen=True, slots=True)
class Entry:
    """What was found the last time one looked.

    Attributes
    ----------
    missing
        Its file is not there.
    map
        Of the chosen model and clustering: the one that would be shown when the slide is opened.
    """

    missing: bool = False
    map: MapState = "none"


@dataclass(frozen=True)
class Wanted:
    """Which maps are asked for; `mpp` holds the scales that the reader gave, by the slide's fingerprint."""

    bundle: Bundle
    chosen: ChosenClustering
    mpp: Mapping[str, tuple[float, float] | None]


def look_up(
    paths: Sequence[Path], described: Mapping[Path, Described], wanted: Wanted | None
) -> Callable[[Progress], dict[Path, Entry]]:
    """Work that looks whether slides are there, and the maps of those that were described by a preview."""

    def work(progress: Progress) -> dict[Path, Entry]:
        found = {}
        for done, path in enumerate(paths):
            progress.report("looking at slides", done, len(paths))  # and stops where nobody wants to know any more
            found[path] = _entry(path, described.get(path), wanted)
        return found

    return work


def _entry(path: Path, slide: Described | None, wanted: Wanted | None) -> Entry:
    try:
        if not path.exists():
            return Entry(missing=True)
        return Entry(map="none" if slide is None or wanted is None else _map_of(slide, wanted))
    except OSError:
        return Entry(missing=True)


def _map_of(slide: Described, wanted: Wanted) -> MapState:
    chosen, mpp = wanted.chosen, wanted.mpp.get(slide.fingerprint)
    try:
        request = map_request(slide, wanted.bundle, chosen.clustering, clustering_path=chosen.path, mpp=mpp)
    except WsiviewError:
        return "none"  # such as for want of a scale: there can't be one yet
    path = map_folder(slide.path) / request.map_name()
    if not path.exists():
        return "none"
    try:
        return "finished" if read_facts(path).complete else "begun"
    except MapError:
        return "none"  # it could not be shown
