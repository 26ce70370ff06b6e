"""Predictions: the model's scores on the label regions of the patches it was shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wsiview.geometry import Point, Region
from wsiview.scene.visible_tiles import Window

FILL, EDGE, UNREAD = 1, 102, 203
"""First codes of the plane: fills by score in 101 steps, edges likewise, and patches that could not be read."""
STEPS = 100


@dataclass(frozen=True, slots=True)
class Prediction:
    """One patch: its score (None where it could not be read), label region and whole patch in level-0 pixels."""

    score: float | None
    label: Region
    patch: Region


class Predictions:
    """Scores (n,) of patches whose level-0 corners are `positions` (n, 2); sizes (width, height) in level-0 pixels."""

    def __init__(
        self,
        positions: NDArray[np.int64],
        scores: NDArray[np.float32],
        label_region: tuple[float, float],
        patch: tuple[float, float],
    ) -> None:
        """Sort them, so that a window finds its own."""
        self.label_region, self.patch = label_region, patch
        self.scores = np.asarray(scores, np.float32)
        inset = np.array([(patch[0] - label_region[0]) / 2, (patch[1] - label_region[1]) / 2])
        order = np.argsort(positions[:, 1], kind="stable") if len(positions) else np.zeros(0, np.int64)
        self.scores = self.scores[order]
        # The label region is the middle of the patch.
        self.corners: NDArray[np.float64] = positions[order].reshape(-1, 2) + inset

    def at(self, place: Point) -> Prediction | None:
        """The patch whose label region holds the place; of several, the one whose middle is nearest."""
        width, height = self.label_region
        offset = np.array([place.x, place.y]) - self.corners
        inside = np.flatnonzero(((offset >= 0) & (offset < (width, height))).all(axis=1))
        if not len(inside):
            return None
        far = np.abs(offset[inside] - (width / 2, height / 2)).max(axis=1)
        index = int(inside[int(np.argmin(far))])
        x, y = (float(value) for value in self.corners[index])
        score = float(self.scores[index])
        patch = Region(x - (self.patch[0] - width) / 2, y - (self.patch[1] - height) / 2, *self.patch)
        return Prediction(None if np.isnan(score) else score, Region(x, y, width, height), patch)

    def codes(self, window: Window, edge: int) -> NDArray[np.uint8] | None:
        """Paint the label regions that a window sees, with edges of so many pixels; None where it sees none."""
        step = window.downsample
        rows = np.searchsorted(
            self.corners[:, 1], (window.y * step - self.label_region[1], (window.y + window.height) * step)
        )
        corners, scores = self.corners[rows[0] : rows[1]], self.scores[rows[0] : rows[1]]
        left = np.floor(corners / step + 0.5).astype(np.int64) - (window.x, window.y)
        right = np.floor((corners + self.label_region) / step + 0.5).astype(np.int64) - (window.x, window.y)
        seen = (right > 0).all(axis=1) & (left < (window.width, window.height)).all(axis=1)
        if not seen.any():
            return None
        return _painted(window, left[seen], right[seen], scores[seen], edge)


def _painted(
    window: Window, left: NDArray[np.int64], right: NDArray[np.int64], scores: NDArray[np.float32], edge: int
) -> NDArray[np.uint8]:
    out = np.zeros((window.height, window.width), np.uint8)
    steps = np.rint(np.nan_to_num(np.clip(scores, 0, 1)) * STEPS).astype(np.int64)
    unread = np.isnan(scores)
    fills, edges = np.where(unread, UNREAD, FILL + steps), np.where(unread, UNREAD, EDGE + steps)
    if (right - left).max() <= 2 * edge + 2:
        # Too small for an outline, and too many for a loop: one pixel each.
        x, y = np.clip(left, 0, (window.width - 1, window.height - 1)).T
        for dx in range(int((right - left)[:, 0].max()) or 1):
            for dy in range(int((right - left)[:, 1].max()) or 1):
                out[np.minimum(y + dy, window.height - 1), np.minimum(x + dx, window.width - 1)] = fills
        return out
    for (x0, y0), (x1, y1), fill, line in zip(
        left.tolist(), right.tolist(), fills.tolist(), edges.tolist(), strict=True
    ):
        out[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)] = line
        inner = out[max(y0 + edge, 0) : max(y1 - edge, 0), max(x0 + edge, 0) : max(x1 - edge, 0)]
        inner[...] = fill
    return out
