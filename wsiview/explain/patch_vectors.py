"""Patch vectors: what feature vectors a fit takes from a patch, under either evaluation."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from wsiview.clustering.geometry import Geometry
from wsiview.explain.patch_pixels import read_patches
from wsiview.explain.request import batch_size
from wsiview.explain.window_pixels import read_window
from wsiview.features.dense import DenseLayer
from wsiview.features.overlap import patch_features
from wsiview.features.reach import patch_locations
from wsiview.models.classifier import Classifier
from wsiview.slide.virtual_level import VirtualLevel
from wsiview.tiling.lattice import Cells, Lattice

Found = tuple[NDArray[np.float32], NDArray[np.bool_]]


class PatchVectors(Protocol):
    """One way to evaluate patches for a fit."""

    @property
    def locations(self) -> int:
        """Feature vectors that each patch gives."""
        ...

    def of(self, level: VirtualLevel, origins: NDArray[np.int64]) -> Found:
        """Vectors (n, locations, C) of the patches with these corners (n, 2), and which were readable, (n,).

        Raises
        ------
        SlideVanished
            If the slide itself has gone: it must not become a sample without it.
        """
        ...


class OverlapVectors:
    """The trimmed locations of whole patches, as the paper takes them."""

    def __init__(
        self, classifier: Classifier, layer: str, rectify: bool, geometry: Geometry, *, signed: bool = False
    ) -> None:
        self._classifier, self._layer, self._geometry = classifier, layer, geometry
        self._rectify, self._signed = rectify, signed
        width, height = patch_locations(classifier, layer, geometry.patch_pixels)
        self.locations = (width - 2 * geometry.trim) * (height - 2 * geometry.trim)

    def of(self, level: VirtualLevel, origins: NDArray[np.int64]) -> Found:
        """See `PatchVectors`; at most one batch."""
        side, trim = self._geometry.patch_pixels, self._geometry.trim
        pixels, readable = read_patches(level, origins, side)
        found = patch_features(
            self._classifier, self._layer, pixels,
            batch=batch_size(side), rectify=self._rectify, signed=self._signed,
        )  # fmt: skip
        height, width, channels = found.activations.shape[1:]
        inner = found.activations[:, trim : height - trim, trim : width - trim]
        return inner.reshape(len(origins), -1, channels), readable


class DenseVectors:
    """The cells of a patch's central step × step area, from a window around them: no location is met twice."""

    def __init__(
        self, classifier: Classifier, layer: str, rectify: bool, geometry: Geometry, *, signed: bool = False
    ) -> None:
        self._geometry = geometry
        lattice = Lattice(geometry.cell_stride, geometry.cell_centre, geometry.field)
        self._layer = DenseLayer(classifier, layer, rectify, lattice, signed=signed)
        self._cols, self._rows = (geometry.step_pixels // stride for stride in geometry.cell_stride)
        self.locations = self._rows * self._cols

    def of(self, level: VirtualLevel, origins: NDArray[np.int64]) -> Found:
        """See `PatchVectors`."""
        inset = (self._geometry.patch_pixels - self._geometry.step_pixels) // 2
        stride = self._geometry.cell_stride
        vectors, readable = [], np.ones(len(origins), bool)
        for index, (x, y) in enumerate(origins):
            col, row = (int(x) + inset) // stride[0], (int(y) + inset) // stride[1]
            cells = Cells(row, col, self._rows, self._cols)
            read = read_window(level, *self._layer.lattice.pixels(cells))
            readable[index] = read.damaged is None
            vectors.append(self._layer.features(read.pixels, cells).flatten(0, 1).cpu().numpy())
        return np.stack(vectors), readable


def patch_vectors(
    classifier: Classifier, layer: str, rectify: bool, geometry: Geometry, *, signed: bool = False
) -> PatchVectors:
    """The way that a clustering's geometry asks for; `signed` tells whether the numbers may be negative."""
    kind = DenseVectors if geometry.evaluation == "dense" else OverlapVectors
    return kind(classifier, layer, rectify, geometry, signed=signed)
