"""Patch statistics: what the paper's tables need to know of the weights and saliency maps of each patch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_CLASS_COLUMNS = ("weight_sum", "weight_max", "coverage", "mean_positive", "correlation")
_SALIENCY_COLUMNS = ("iou", "corr_relu", "corr_signed")
_CHUNK = 256  # patches at once: 30 MB at 28 × 28 × 16


@dataclass(frozen=True, eq=False)
class SaliencyStatistics:
    """How each class agrees with one saliency map on each patch, (n, K).

    Attributes
    ----------
    iou
        Intersection over union of {weight > 0} and {saliency > 0}; NaN where the union is empty.
    corr_relu
        Pearson correlation of the weight with the saliency's positive part; NaN where either is constant.
    corr_signed
        The same with the signed saliency.
    """

    iou: Floats
    corr_relu: Floats
    corr_signed: Floats

    def take(self, rows: NDArray[np.intp] | NDArray[np.int64] | NDArray[np.bool_]) -> SaliencyStatistics:
        """Some patches' rows."""
        return SaliencyStatistics(self.iou[rows], self.corr_relu[rows], self.corr_signed[rows])


@dataclass(frozen=True, eq=False)
class PatchStatistics:
    """Statistics of n patches' trimmed cells.

    Attributes
    ----------
    weight_sum, weight_max
        (n, K) over the patch's cells.
    coverage
        (n, K) share of cells with a weight above 0.
    mean_positive
        (n, K) mean of the weights above 0; 0 where there are none (coverage is 0 there).
    correlation
        (n, K, K) Pearson correlation between classes' weights; NaN where either is constant, on the diagonal too.
    saliency
        Method → agreement with it.
    """

    weight_sum: Floats
    weight_max: Floats
    coverage: Floats
    mean_positive: Floats
    correlation: Floats
    saliency: Mapping[str, SaliencyStatistics] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Freeze the mapping."""
        object.__setattr__(self, "saliency", MappingProxyType(dict(self.saliency)))

    def __len__(self) -> int:
        """The number of patches."""
        return len(self.weight_sum)

    @property
    def n_classes(self) -> int:
        """K."""
        return int(self.weight_sum.shape[1])

    @property
    def computed(self) -> NDArray[np.bool_]:
        """(n,) False for patches that could not be read; maps store their statistics as NaN."""
        return np.asarray(np.isfinite(self.weight_sum).all(axis=1))

    def columns(self) -> dict[str, Floats]:
        """Name → array, as maps store them: "weight_sum", …, "<method>/iou", "<method>/corr_relu", …"""
        columns: dict[str, Floats] = {name: getattr(self, name) for name in _CLASS_COLUMNS}
        for method, one in self.saliency.items():
            columns |= {f"{method}/{name}": getattr(one, name) for name in _SALIENCY_COLUMNS}
        return columns

    @staticmethod
    def column_names(methods: Iterable[str]) -> tuple[str, ...]:
        """The names that `columns` gives, for these saliency maps."""
        return (*_CLASS_COLUMNS, *(f"{method}/{name}" for method in methods for name in _SALIENCY_COLUMNS))

    @classmethod
    def from_columns(cls, columns: Mapping[str, NDArray[np.floating]]) -> PatchStatistics:
        """Back from what `columns` gave, in float64.

        Raises
        ------
        KeyError
            If one is missing.
        """
        methods = [name.removesuffix("/iou") for name in columns if name.endswith("/iou")]
        plain = {name: np.asarray(values, dtype=np.float64) for name, values in columns.items()}
        saliency = {
            method: SaliencyStatistics(
                plain[f"{method}/iou"], plain[f"{method}/corr_relu"], plain[f"{method}/corr_signed"]
            )
            for method in methods
        }
        return cls(
            plain["weight_sum"],
            plain["weight_max"],
            plain["coverage"],
            plain["mean_positive"],
            plain["correlation"],
            saliency,
        )

    def take(self, rows: NDArray[np.intp] | NDArray[np.int64] | NDArray[np.bool_]) -> PatchStatistics:
        """Some patches' rows, in the order given."""
        return PatchStatistics(
            self.weight_sum[rows],
            self.weight_max[rows],
            self.coverage[rows],
            self.mean_positive[rows],
            self.correlation[rows],
            {name: one.take(rows) for name, one in self.saliency.items()},
        )

    @classmethod
    def joined(cls, parts: Sequence[PatchStatistics]) -> PatchStatistics:
        """The patches of several batches or slides, one after the other.

        Raises
        ------
        ValueError
            If there are none, or they speak of different classes or saliency methods.
        """
        if not parts or any(set(part.saliency) != set(parts[0].saliency) for part in parts):
            raise ValueError("patch statistics to join must be some, of the same saliency methods")
        saliency = {
            method: SaliencyStatistics(
                np.concatenate([part.saliency[method].iou for part in parts]),
                np.concatenate([part.saliency[method].corr_relu for part in parts]),
                np.concatenate([part.saliency[method].corr_signed for part in parts]),
            )
            for method in parts[0].saliency
        }
        return cls(
            np.concatenate([part.weight_sum for part in parts]),
            np.concatenate([part.weight_max for part in parts]),
            np.concatenate([part.coverage for part in parts]),
            np.concatenate([part.mean_positive for part in parts]),
            np.concatenate([part.correlation for part in parts]),
            saliency,
        )


def patch_statistics(
    weights: NDArray[np.floating], saliency: Mapping[str, NDArray[np.floating]] | None = None
) -> PatchStatistics:
    """Statistics of each patch on its own; the same bits whatever the batch.

    Parameters
    ----------
    weights
        (n, h, w, K) non-negative class weights on the patches' trimmed cells.
    saliency
        Method → (n, h, w) signed map on the same cells.

    Raises
    ------
    ValueError
        If shapes don't fit, there are no cells, or a value is not finite.
    """
    maps = dict(saliency or {})
    _check(weights, maps)
    parts = [
        _statistics(weights[i : i + _CHUNK], {name: one[i : i + _CHUNK] for name, one in maps.items()})
        for i in range(0, max(len(weights), 1), _CHUNK)
    ]
    return PatchStatistics.joined(parts)


def per_patch(
    weights: NDArray[np.floating], saliency: Mapping[str, NDArray[np.floating]] | None = None
) -> dict[str, Floats]:
    """`patch_statistics` as the named columns that maps store."""
    return patch_statistics(weights, saliency).columns()


def _check(weights: NDArray[np.floating], maps: Mapping[str, NDArray[np.floating]]) -> None:
    if weights.ndim != 4 or 0 in weights.shape[1:]:
        raise ValueError(f"weights must be (n, h, w, K) with cells, not {weights.shape}")
    wrong = [name for name, one in maps.items() if one.shape != weights.shape[:3]]
    if wrong:
        raise ValueError(f"the saliency maps {', '.join(wrong)} don't lie on the weights' cells {weights.shape[:3]}")
    if not (np.isfinite(weights).all() and all(np.isfinite(one).all() for one in maps.values())):
        raise ValueError("patch statistics are of computed cells only, some values are not finite")


def _statistics(weights: NDArray[np.floating], maps: Mapping[str, NDArray[np.floating]]) -> PatchStatistics:
    n, height, width, k = weights.shape
    # one contiguous line of cells for each patch and class, so that a sum's order never depends on the batch
    lines = np.ascontiguousarray(weights.reshape(n, height * width, k).transpose(0, 2, 1), dtype=np.float64)
    positive = lines > 0
    count = positive.sum(axis=2)
    mean_positive = np.where(positive, lines, 0.0).sum(axis=2) / np.maximum(count, 1)
    unit = _standardised(lines)
    correlation = np.empty((n, k, k))
    for i in range(k):
        for j in range(i + 1):
            correlation[:, i, j] = correlation[:, j, i] = _correlation(unit[:, i], unit[:, j])
    saliency = {
        name: _agreement(unit, positive, np.ascontiguousarray(one.reshape(n, 1, height * width), dtype=np.float64))
        for name, one in maps.items()
    }
    return PatchStatistics(
        lines.sum(axis=2), lines.max(axis=2), count / lines.shape[2], mean_positive, correlation, saliency
    )


def _standardised(lines: Floats) -> Floats:
    """Centred lines of unit length; NaN for constant ones, told by their extremes and not by a rounded variance."""
    constant = lines.max(axis=2, keepdims=True) == lines.min(axis=2, keepdims=True)
    centred = lines - lines.mean(axis=2, keepdims=True)
    largest = np.abs(centred).max(axis=2, keepdims=True)
    centred /= np.where(largest > 0, largest, 1.0)  # squares of tiny numbers would vanish
    length = np.sqrt((centred * centred).sum(axis=2, keepdims=True))
    result: Floats = np.where(constant | (length == 0), np.nan, centred / np.where(length > 0, length, 1.0))
    return result


def _correlation(a: Floats, b: Floats) -> Floats:
    """Pearson correlation of standardised lines along their last axis."""
    result: Floats = np.clip((a * b).sum(axis=-1), -1.0, 1.0)
    return result


def _agreement(unit: Floats, positive: NDArray[np.bool_], saliency: Floats) -> SaliencyStatistics:
    """Agreement of weights (n, K, cells) with a signed map (n, 1, cells)."""
    shown = saliency > 0
    union = (positive | shown).sum(axis=2)
    both = (positive & shown).sum(axis=2)
    return SaliencyStatistics(
        np.where(union > 0, both / np.maximum(union, 1), np.nan),
        _correlation(unit, _standardised(np.maximum(saliency, 0.0))),
        _correlation(unit, _standardised(saliency)),
    )
