"""Check work: what a thread does to light the lamps: finds glass and pen once, and counts the blocks that are new."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsiview.analysis.class_tally import ClassTally, tally
from wsiview.analysis.lamp import Lamp
from wsiview.analysis.sanity import Evidence, lamps
from wsiview.analysis.scale_lamp import Scales
from wsiview.clustering.normality import Normality
from wsiview.errors import SlideError
from wsiview.explain.ground import ground_of
from wsiview.gui.map_view import scores
from wsiview.maps.cluster_map import ClusterMap
from wsiview.maps.registration import Placement
from wsiview.progress import Progress
from wsiview.scene.block import Block
from wsiview.scene.palette import class_letter
from wsiview.slide.slide import Slide
from wsiview.tiling.quick_tissue import quick_tissue
from wsiview.tiling.tissue import TissueMask

log = logging.getLogger(__name__)

SIDE = 1536  # pixels along the slide on which glass and pen are found

Pair = tuple[float, float]
Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a slide has tissue, glass and pen; no mask where that was too dear to find, or the slide is gone."""

    mask: TissueMask | None


@dataclass(frozen=True, eq=False)
class Question:
    """One round of checks, all that a thread needs for it.

    Attributes
    ----------
    counted
        What is counted already.
    blocks
        What is to be counted now.
    ground
        None as long as nobody has looked.
    complete
        Whether these are the last blocks.
    """

    cluster_map: ClusterMap
    slide: Slide
    given_mpp: Pair | None
    normality: Normality | None
    counted: ClassTally
    blocks: dict[Place, Block]
    ground: Ground | None
    placement: Placement | None
    complete: bool


@dataclass(frozen=True, eq=False)
class Answer:
    """What came out, and what the next round goes on from."""

    lamps: tuple[Lamp, ...]
    counted: ClassTally
    blocks: frozenset[Place]
    ground: Ground


def check(question: Question, progress: Progress) -> Answer:
    """Count and light; on a worker, since slide and map are read.

    Raises
    ------
    MapError
        If the map's scores can't be read.
    Cancelled
        When `progress` was cancelled.
    """
    found, parameters = question.cluster_map, question.cluster_map.attributes.get("parameters") or {}
    mapped = _pair(parameters.get("mpp"))
    ground = question.ground or _ground(question.slide, mapped)
    gram = gram_of(found)
    counted = question.counted
    for place, block in question.blocks.items():
        progress.check()
        beneath = None
        if ground.mask is not None:
            beneath = ground_of(ground.mask, found.cell_to_level0, *found.block_slices(*place))
        weights = block.strength.astype(np.float32) * np.float32(found.strength_scale)
        counted += tally(
            weights, block.state, block.strongest, block.residual, beneath, gram, question.normality
        )
    logits = found.logits
    model = found.attributes.get("model") or {}
    evidence = Evidence(
        letters=tuple(class_letter(index) for index in range(found.n_classes)),
        tally=counted,
        complete=question.complete,
        empty=tuple(bool(value <= 0) for value in np.diag(gram)),
        logits=logits,
        scores=scores(logits, int(model.get("target", 0)), model.get("activation")),
        scales=_scales(parameters, mapped, question.slide.mpp, question.given_mpp),
        placement=question.placement,
        has_ground=ground.mask is not None,
        calibrated=question.normality is not None,
    )
    return Answer(lamps(evidence), counted, frozenset(question.blocks), ground)


def gram_of(found: ClusterMap) -> NDArray[np.float64]:
    """G = HHᵀ (K, K) of a map's clustering; the unit matrix where an old map doesn't tell."""
    gram = np.asarray((found.attributes.get("clustering") or {}).get("gram", []), np.float64)
    fits = gram.shape == (found.n_classes, found.n_classes) and bool(np.isfinite(gram).all())
    return gram if fits else np.eye(found.n_classes)


def normality_in(found: ClusterMap) -> Normality | None:
    """The normal range that a map brings along, None where it brings none."""
    told = (found.attributes.get("clustering") or {}).get("normal")
    if told is None:
        return None
    try:
        return Normality.from_json(told)
    except (KeyError, TypeError, ValueError):
        log.warning("the normal range in %s can't be used", found.path)
        return None


def _ground(slide: Slide, mpp: Pair | None) -> Ground:
    try:
        return Ground(quick_tissue(slide, mpp, SIDE))
    except SlideError as error:
        log.info("glass and pen were not looked for: %s", error)
        return Ground(None)


def _scales(parameters: dict[str, Any], mapped: Pair | None, file: Pair | None, given: Pair | None) -> Scales:
    spacing = parameters.get("spacing")
    return Scales(
        model=float(spacing) if spacing is not None else None,
        mapped=mapped,
        file=file,
        given=given,
        factor=_pair(parameters.get("scale")) or (1.0, 1.0),
    )


def _pair(values: Any) -> Pair | None:
    return (float(values[0]), float(values[1])) if isinstance(values, list | tuple) and len(values) == 2 else None
