"""Block: the square of cells that a map arrives in, with what every picture of it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

NOT_COMPUTED, OUTSIDE_TISSUE, COMPUTED, UNREADABLE = 0, 1, 2, 3
UNDECIDED_MARGIN = 0.2
_LARGEST = float(np.finfo(np.float16).max)


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Cells (h, w) of one block; never changed once made, so any thread may read it.

    Parameters
    ----------
    strength
        (K, h, w) weights over the declared scale, not clipped at 1.
    strongest, second
        Class from 1, 0 for none.
    undecided
        1 where the strongest class wins by less than a fifth.
    """

    strength: NDArray[np.float16]
    state: NDArray[np.uint8]
    strongest: NDArray[np.uint8]
    second: NDArray[np.uint8]
    undecided: NDArray[np.uint8]
    residual: NDArray[np.float16] | None
    saliency: Mapping[str, NDArray[np.float16]]

    @classmethod
    def of(
        cls,
        weights: NDArray[np.float32],
        state: NDArray[np.uint8],
        residual: NDArray[np.float32] | None,
        saliency: Mapping[str, NDArray[np.float32]],
        scale: float,
    ) -> Block:
        """Work out a block from weights (K, h, w) and the other grids (h, w)."""
        if not (state == COMPUTED).any():  # most of a slide is glass
            none, nought = np.zeros(state.shape, np.uint8), np.zeros(state.shape, np.float16)
            return cls(
                np.zeros(weights.shape, np.float16), state.astype(np.uint8), none, none, none,
                None if residual is None else nought, dict.fromkeys(saliency, nought),
            )  # fmt: skip
        known = np.where(state == COMPUTED, weights, 0).astype(np.float32)
        order = np.argsort(-known, axis=0, kind="stable")
        top = np.take_along_axis(known, order[:1], axis=0)[0]
        next_ = np.take_along_axis(known, order[1:2], axis=0)[0] if len(known) > 1 else np.zeros_like(top)
        second = order[1] + 1 if len(known) > 1 else np.zeros(top.shape, np.int64)
        return cls(
            strength=_half(known / scale),
            state=state.astype(np.uint8),
            strongest=np.where(top > 0, order[0] + 1, 0).astype(np.uint8),
            second=np.where(next_ > 0, second, 0).astype(np.uint8),
            undecided=((top > 0) & (top - next_ < UNDECIDED_MARGIN * top)).astype(np.uint8),
            residual=None if residual is None else _half(residual),
            saliency={name: _half(grid) for name, grid in saliency.items()},
        )

    @property
    def nbytes(self) -> int:
        """Memory of its arrays."""
        grids: list[NDArray[Any]] = [
            self.strength,
            self.state,
            self.strongest,
            self.second,
            self.undecided,
            *self.saliency.values(),
        ]
        return sum(grid.nbytes for grid in grids) + (0 if self.residual is None else self.residual.nbytes)

    def field(self, name: str) -> NDArray[np.generic]:
        """One of its grids by name; "saliency:NAME" is nought everywhere where the block has no such map."""
        if name.startswith("strength:"):
            return np.asarray(self.strength[int(name.removeprefix("strength:"))])
        if name.startswith("saliency:"):
            grid = self.saliency.get(name.removeprefix("saliency:"))
            return np.zeros(self.state.shape, np.float16) if grid is None else grid
        fields: dict[str, NDArray[np.generic]] = {
            "strength": self.strength,
            "state": self.state,
            "strongest": self.strongest,
            "second": self.second,
            "undecided": self.undecided,
        }
        return fields[name]


def _half(values: NDArray[np.float32]) -> NDArray[np.float16]:
    return np.clip(np.nan_to_num(values), -_LARGEST, _LARGEST).astype(np.float16)
