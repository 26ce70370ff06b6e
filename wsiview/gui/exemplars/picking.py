"""Picking: chooses a class's exemplars from the blocks that are there; runs on a thread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wsiview.analysis.exemplars import Candidates, Exemplar, Exemplars, candidates, chosen
from wsiview.progress import Progress
from wsiview.scene.block import Block
from wsiview.scene.layers import LayerStack

SEED = 0  # of the random ones: a reader finds the same again

Place = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Pick:
    """What is asked for, and what is known already.

    Attributes
    ----------
    index
        The class, from 0.
    blocks
        Those not looked at yet.
    known
        What the others gave.
    """

    index: int
    blocks: dict[Place, Block]
    known: dict[Place, Candidates]
    block_side: int
    scale: float
    gram: NDArray[np.float64]
    apart: tuple[int, int]
    count: int


@dataclass(frozen=True, eq=False)
class Picked:
    """The exemplars of a class, and what each block gave."""

    index: int
    exemplars: Exemplars
    known: dict[Place, Candidates]


def pick(wish: Pick, progress: Progress) -> Picked:
    """Look at the new blocks and choose from all.

    Raises
    ------
    Cancelled
        When `progress` was cancelled.
    """
    known = dict(wish.known)
    for place, block in wish.blocks.items():
        progress.check()
        corner = place[0] * wish.block_side, place[1] * wish.block_side
        known[place] = candidates(
            block.strength, block.state, block.residual, index=wish.index, corner=corner, scale=wish.scale,
            gram=wish.gram, apart=wish.apart, count=wish.count, seed=SEED,
        )  # fmt: skip
    return Picked(wish.index, chosen(known.values(), wish.apart, wish.count), known)


def words_of(cell: Exemplar, index: int, stack: LayerStack) -> str:
    """What is known of an exemplar of a class."""
    letter = stack.classes[index].letter
    parts = [f"Class {letter}, strength {100 * min(cell.strength, 1.0):.0f} %"]
    if cell.share is not None:
        parts.append(f"accounts for {100 * cell.share:.0f} % of the cell's features")
    if cell.second is None:
        parts.append("no other class")
    elif cell.second < len(stack.classes):
        other = stack.classes[cell.second].letter
        way = "ahead of" if cell.margin >= 0 else "behind"
        parts.append(f"{100 * abs(cell.margin):.0f} % {way} {other}")
    return ", ".join(parts)
