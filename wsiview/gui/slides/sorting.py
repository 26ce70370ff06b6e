"""Sorting: what a handful of dropped paths holds; folders are looked into. Runs on a job's thread."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from wsiview.errors import MapError
from wsiview.gui.inputs import Kind, kind_of
from wsiview.maps.facts import read_facts
from wsiview.progress import Progress
from wsiview.slide.folder import slides_in

Handful = tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Sorted:
    """One handful, each kind in the order in which it came.

    Attributes
    ----------
    listed
        Whether its slides are meant to be chosen from: several, or a folder's.
    homes
        The maps by the fingerprints of the slides that they say they were made of.
    empty
        Folders without a slide.
    """

    slides: Handful = ()
    models: Handful = ()
    clusterings: Handful = ()
    maps: Handful = ()
    homes: Mapping[str, Path] = field(default_factory=dict)
    listed: bool = False
    empty: Handful = ()


def sort(handfuls: Sequence[Handful]) -> Callable[[Progress], tuple[Sorted, ...]]:
    """Work that sorts each handful by itself."""

    def work(progress: Progress) -> tuple[Sorted, ...]:
        return tuple(_sorted(handful) for handful in handfuls)

    return work


def _sorted(paths: Handful) -> Sorted:
    kinds: dict[Kind, list[Path]] = {kind: [] for kind in Kind}
    empty: list[Path] = []
    folders = 0
    for path in paths:
        kind = kind_of(path)
        if kind is Kind.SLIDE and path.is_dir():
            folders += 1
            found = _slides_of(path)
            kinds[kind] += found
            empty += [] if found else [path]
        else:
            kinds[kind].append(path)
    slides = tuple(dict.fromkeys(kinds[Kind.SLIDE]))
    return Sorted(
        slides,
        tuple(kinds[Kind.MODEL]),
        tuple(kinds[Kind.CLUSTERING]),
        tuple(kinds[Kind.MAP]),
        _homes(kinds[Kind.MAP]),
        bool(slides) and (folders > 0 or len(slides) > 1) and slides != paths[:1],
        tuple(empty),
    )


def _homes(maps: Sequence[Path]) -> dict[str, Path]:
    homes = {}
    for path in maps:
        with contextlib.suppress(MapError):  # told when the map is to be shown
            homes[str(read_facts(path).attributes.get("slide", {}).get("fingerprint"))] = path
    return homes


def _slides_of(folder: Path) -> tuple[Path, ...]:
    try:
        return slides_in(folder)
    except OSError:
        return ()
