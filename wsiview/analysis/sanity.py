"""Sanity: signs that a map should be looked at twice before it is believed, each a lamp with its figures in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wsiview.analysis.class_tally import GLASS, INK, TISSUE, ClassTally
from wsiview.analysis.lamp import Lamp, Level
from wsiview.analysis.scale_lamp import Scales, scale_lamp
from wsiview.maps.registration import Placement

FEWEST_PATCHES, FEWEST_CELLS = 20, 200
"""With fewer nothing is said yet."""
SAME_LOGIT = 1e-3
"""A spread below which outputs are the same but for rounding."""
SAME_SCORE = 0.05
TAKES_ALL = 0.95
ONLY_THERE = 0.9
"""Of a class's weight on glass or pen."""
UNLIKE_LOOK, UNLIKE_BAD = 0.1, 0.5


@dataclass(frozen=True, eq=False)
class Evidence:
    """All that the lamps are lit by.

    Attributes
    ----------
    letters
        K letters.
    tally
        Of the blocks that are there.
    complete
        Whether those are all.
    empty
        Which classes have a class vector of noughts (K,).
    logits
        (n, targets), NaN where not computed.
    scores
        (n,) likewise.
    has_ground, calibrated
        Whether the tally knows glass and pen, and the fit's normal range.
    """

    letters: tuple[str, ...]
    tally: ClassTally
    complete: bool
    empty: tuple[bool, ...]
    logits: NDArray[np.float32]
    scores: NDArray[np.floating]
    scales: Scales
    placement: Placement | None
    has_ground: bool
    calibrated: bool

    @property
    def so_far(self) -> str:
        """Added to what may still change."""
        return "" if self.complete else " so far"


def lamps(evidence: Evidence) -> tuple[Lamp, ...]:
    """All checks, in the order in which they are shown."""
    checks: tuple[Callable[[Evidence], Lamp], ...] = (_place, _score, _used, _spread, _ground, _unlike)
    lit = [check(evidence) for check in checks]
    return (*lit[:-1], scale_lamp(evidence.scales), lit[-1])


def _place(evidence: Evidence) -> Lamp:
    title = "The map lies on the slide's tissue"
    meaning = (
        "Where the map holds numbers is compared with the tissue that is found on the slide itself; a map that lies "
        "elsewhere is not shown at all."
    )
    placement = evidence.placement
    if placement is None or placement.agreement is None:
        reason = f", because {placement.doubt}" if placement is not None and placement.doubt else ""
        return Lamp("place", title, Level.UNKNOWN, f"Not checked{reason}.", meaning)
    same = 100 * (placement.same or 0.0)
    return Lamp("place", title, Level.GOOD, f"{same:.0f} % of the cells agree with the slide's tissue.", meaning)


def _score(evidence: Evidence) -> Lamp:
    title = "The model's score varies"
    meaning = (
        "A score that is the same everywhere comes from a slide of one kind of tissue, or from a model that can't read "
        "this scan: another stain, scale or scanner, or wrong weights."
    )
    read = np.isfinite(evidence.logits).all(axis=1)
    logits, scores = evidence.logits[read], evidence.scores[read]
    if len(logits) < FEWEST_PATCHES:
        finding = f"Not known: {_count(len(logits), 'patch', 'patches')}{evidence.so_far} {_is(len(logits))} too few."
        return Lamp("score", title, Level.UNKNOWN, finding, meaning)
    low, high = float(scores.min()), float(scores.max())
    patches = f"on {len(scores)} patches{evidence.so_far}"
    if float(np.ptp(logits.astype(np.float64), axis=0).max()) < SAME_LOGIT:
        return Lamp("score", title, Level.BAD, f"It is the same everywhere: {low:.3f} {patches}.", meaning)
    if high - low < SAME_SCORE:
        finding = f"It is almost the same everywhere: from {low:.3f} to {high:.3f} {patches}."
        return Lamp("score", title, Level.LOOK, finding, meaning)
    return Lamp("score", title, Level.GOOD, f"From {low:.2f} to {high:.2f} {patches}.", meaning)


def _used(evidence: Evidence) -> Lamp:
    title = "Every class is used"
    meaning = (
        "A class that the fit left empty stands for nothing: fit with fewer classes. One that is nowhere on this slide "
        "may be found on others."
    )
    empty = [letter for letter, dead in zip(evidence.letters, evidence.empty, strict=True) if dead]
    weight = evidence.tally.weight.sum(axis=1)
    unseen = [letter for letter, one in zip(evidence.letters, weight, strict=True) if one <= 0]
    absent = [letter for letter in unseen if letter not in empty]
    if empty:
        finding = f"{_classes(empty)} {_is(len(empty))} empty: no feature vector of the fit has any of it."
        return Lamp("used", title, Level.LOOK, finding, meaning)
    if absent and not evidence.complete:
        finding = f"Not known yet: {_classes(absent).lower()} {_has(len(absent))} no weight so far."
        return Lamp("used", title, Level.UNKNOWN, finding, meaning)
    if absent:
        finding = f"{_classes(absent)} {_has(len(absent))} no weight anywhere on this slide."
        return Lamp("used", title, Level.LOOK, finding, meaning)
    return Lamp("used", title, Level.GOOD, f"All {len(weight)} classes have weight{evidence.so_far}.", meaning)


def _spread(evidence: Evidence) -> Lamp:
    title = "No class takes the whole tissue"
    meaning = (
        "A class nearly everywhere tells no place from another. The slide may be of one kind of tissue, or unlike what "
        "the classes were fitted on."
    )
    counts = evidence.tally.strongest[:, TISSUE]
    if counts.sum() < FEWEST_CELLS:
        finding = f"Not known: {_count(int(counts.sum()), 'cell', 'cells')} of tissue{evidence.so_far}."
        return Lamp("spread", title, Level.UNKNOWN, finding, meaning)
    share = counts / counts.sum()
    top = int(share.argmax())
    finding = f"Class {evidence.letters[top]} is strongest on {100 * share[top]:.0f} % of the tissue{evidence.so_far}."
    return Lamp("spread", title, Level.LOOK if share[top] > TAKES_ALL else Level.GOOD, finding, meaning)


def _ground(evidence: Evidence) -> Lamp:
    title = "Classes lie on tissue"
    meaning = (
        "A class with nine tenths of its weight on glass or pen shows where the scan is empty or marked, not tissue. "
        "Fat and wide lumina have no stain either, and count as glass here."
    )
    weight = evidence.tally.weight
    sums = weight.sum(axis=1)
    if not evidence.has_ground or evidence.tally.cells.sum() < FEWEST_CELLS:
        why = "the slide holds no small picture to find them on" if not evidence.has_ground else "too few cells so far"
        return Lamp("ground", title, Level.UNKNOWN, f"Glass and pen are not known: {why}.", meaning)
    findings = []
    for letter, by_ground, total in zip(evidence.letters, weight, sums, strict=True):
        if total > 0 and by_ground[GLASS] + by_ground[INK] >= ONLY_THERE * total:
            glass, pen = by_ground[GLASS] / total, by_ground[INK] / total
            where = "glass" if glass >= ONLY_THERE else "pen" if pen >= ONLY_THERE else "glass and pen"
            share = f"{100 * (glass + pen):.0f} % of its weight{evidence.so_far}"
            findings.append(f"class {letter} lies on {where} ({share})")
    if findings:
        text = "; ".join(findings)
        return Lamp("ground", title, Level.LOOK, f"{text[0].upper()}{text[1:]}.", meaning)
    off = np.divide(weight[:, GLASS] + weight[:, INK], sums, out=np.zeros_like(sums), where=sums > 0)
    top = int(off.argmax())
    letter = evidence.letters[top]
    share = f"{100 * off[top]:.0f} % of its weight{evidence.so_far}"
    finding = f"The class that lies most off the tissue is {letter}, with {share}."
    return Lamp("ground", title, Level.GOOD, finding, meaning)


def _unlike(evidence: Evidence) -> Lamp:
    title = "The tissue is like what the classes were fitted on"
    meaning = (
        "Cells whose features are stronger, weaker or stranger than 99 % of those that the classes were fitted on; one "
        "in a hundred is usual. Where there are many, the classes may not speak of this tissue."
    )
    tally = evidence.tally
    if not evidence.calibrated:
        finding = "Not known: this clustering has no calibration. Fit it again to have one."
        return Lamp("unlike", title, Level.UNKNOWN, finding, meaning)
    if tally.judged < FEWEST_CELLS:
        finding = f"Not known: {_count(tally.judged, 'cell', 'cells')}{evidence.so_far} {_is(tally.judged)} too few."
        return Lamp("unlike", title, Level.UNKNOWN, finding, meaning)
    share = tally.unlike / tally.judged
    level = Level.BAD if share > UNLIKE_BAD else Level.LOOK if share > UNLIKE_LOOK else Level.GOOD
    percent = f"{100 * share:.1f}" if share < 0.1 else f"{100 * share:.0f}"
    return Lamp("unlike", title, level, f"{percent} % of the tissue{evidence.so_far} is unlike it.", meaning)


def _classes(letters: list[str]) -> str:
    return f"Class {letters[0]}" if len(letters) == 1 else f"Classes {', '.join(letters[:-1])} and {letters[-1]}"


def _count(n: int, one: str, many: str) -> str:
    return f"{n} {one if n == 1 else many}"


def _is(n: int) -> str:
    return "is" if n == 1 else "are"


def _has(n: int) -> str:
    return "has" if n == 1 else "have"
