"""Block result: what is computed of one block of cells, and of the patches that belong to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class PatchRows:
    """Rows of the patch tables.

    Attributes
    ----------
    logits
        (n, targets) float32, NaN where the patch could not be read.
    statistics
        Name, such as "weight_sum" or "gradcam/1/iou", to an array (n, …) of float32.
    """

    logits: NDArray[np.float32]
    statistics: dict[str, NDArray[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        """The number of patches."""
        return len(self.logits)

    def part(self, start: int, stop: int) -> PatchRows:
        """The rows from `start` up to `stop`."""
        return PatchRows(
            self.logits[start:stop], {name: values[start:stop] for name, values in self.statistics.items()}
        )

    @classmethod
    def joined(cls, parts: Sequence[PatchRows]) -> PatchRows:
        """All rows of the parts, in their order; no parts give no rows."""
        if not parts:
            return cls(np.zeros((0, 0), np.float32))
        names = parts[0].statistics
        return cls(
            np.concatenate([part.logits for part in parts]),
            {name: np.concatenate([part.statistics[name] for part in parts]) for name in names},
        )


@dataclass(frozen=True, eq=False)
class BlockResult:
    """One block of h × w cells (64 × 64, less at the border).

    Attributes
    ----------
    weights
        (K, h, w) float32, 0 where not computed.
    state
        (h, w) uint8, see `cell_state`.
    residual
        (h, w) float32.
    saliency
        Name to (h, w) float32, signed.
    patches
        Rows of the block's own patches.
    """

    weights: NDArray[np.float32]
    state: NDArray[np.uint8]
    residual: NDArray[np.float32]
    saliency: dict[str, NDArray[np.float32]]
    patches: PatchRows
