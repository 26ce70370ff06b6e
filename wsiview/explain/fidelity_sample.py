"""Fidelity sample: how faithful clusterings are to the network, on whole patches drawn from those of their fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits
from torch import Tensor

from wsiview.analysis.fidelity import Fidelity, fidelity
from wsiview.clustering.clustering import Clustering
from wsiview.clustering.nnls import class_weights
from wsiview.errors import ClusteringError, ModelError, SlideError
from wsiview.explain.fitting import SlideEntry
from wsiview.explain.patch_pixels import read_patches
from wsiview.explain.request import batch_size
from wsiview.features.substitution import Change, Substitution
from wsiview.models.classifier import Classifier
from wsiview.progress import Progress
from wsiview.slide.virtual_level import VirtualLevel

PATCHES = 200
_PIXELS = PATCHES * 512**2  # that the network reads at most, so that large patches take no longer
_MAPS = 2**27  # numbers of the layer's maps at once, of all clusterings
STAGE = "running the network on its classes"


@dataclass(frozen=True)
class Measured:
    """The fidelity of each clustering; or none, and why as the end of a sentence."""

    found: tuple[Fidelity, ...] = ()
    reason: str = ""

    def of(self, index: int) -> Fidelity | None:
        """That of one clustering, None if none was found."""
        return self.found[index] if self.found else None


def measure_fidelity(
    slides: Sequence[SlideEntry],
    classifier: Classifier,
    seed: int,
    allow_upsampling: bool,
    progress: Progress,
    clusterings: Sequence[Clustering],
) -> Measured:
    """Run patches through the network with WH in place of the layer's activations, for each clustering of one fit.

    Of a layer whose rectified copy was factorised, WH takes the place of what is positive; the rest stays.

    Parameters
    ----------
    slides
        In the order of the manifest's indices.
    seed
        Of the sample.
    clusterings
        One or more of the same layer, manifest and geometry.

    Raises
    ------
    Cancelled
        When `progress` was cancelled.
    """
    first, bundle = clusterings[0], classifier.bundle
    chosen = _drawn(first, seed)
    found: list[NDArray[np.float32]] = []
    changes: list[Change] = [torch.clone, torch.zeros_like, *(_through(one) for one in clusterings)]
    try:
        upward = Substitution(classifier, first.layer)
        done = 0
        for pixels, tried in _batches(slides, first, chosen, allow_upsampling, len(changes)):
            progress.report(STAGE, done, len(chosen))
            done += tried
            if len(pixels):
                found.append(upward.logits(classifier.normalise(pixels), changes).cpu().numpy())
        progress.report(STAGE, len(chosen), len(chosen))
    except (ModelError, ClusteringError, SlideError) as error:
        return Measured(reason=str(error))
    if not found:
        return Measured(reason="none of the patches that were drawn could be read")
    logits = np.concatenate(found, axis=1)
    if not np.isfinite(logits).all():
        return Measured(reason="the model's outputs are not finite")
    if np.array_equal(logits[0], logits[1]):
        return Measured(reason=f"the model's outputs do not depend on what the layer {first.layer!r} gives")
    facts = (bundle.activation, bundle.threshold, bundle.target)
    return Measured(tuple(fidelity(logits[0], one, *facts) for one in logits[2:]))


def _drawn(clustering: Clustering, seed: int) -> NDArray[np.int64]:
    """Some of the manifest's rows, in its order."""
    most = max(1, min(PATCHES, _PIXELS // clustering.geometry.patch_pixels**2))
    order = np.random.default_rng([seed, 3]).permutation(len(clustering.manifest))
    return clustering.manifest[np.sort(order[:most])]


def _batches(
    slides: Sequence[SlideEntry],
    clustering: Clustering,
    chosen: NDArray[np.int64],
    allow_upsampling: bool,
    copies: int,
) -> Iterator[tuple[NDArray[np.uint8], int]]:
    """Readable patches (n, p, p, 3) of one slide after the other, and how many were tried for them."""
    geometry = clustering.geometry
    side = geometry.patch_pixels
    numbers = clustering.n_channels * side**2 // (geometry.cell_stride[0] * geometry.cell_stride[1])
    size = max(1, min(batch_size(side), _MAPS // (copies * numbers)))
    for index in np.unique(chosen[:, 0]):
        entry = slides[int(index)]
        with entry.open() as slide:
            mpp = None if geometry.spacing is None else entry.mpp or slide.mpp
            level = VirtualLevel(slide, geometry.spacing, mpp, allow_upsampling=allow_upsampling)
            corners = np.rint(chosen[chosen[:, 0] == index, 1:] / np.array(level.scale)).astype(np.int64)
            for begin in range(0, len(corners), size):
                part = corners[begin : begin + size]
                pixels, readable = read_patches(level, part, side)
                yield pixels[readable], len(part)


def _through(clustering: Clustering) -> Change:
    """What makes WH of a layer's output."""
    h = clustering.class_vectors.astype(np.float64)
    return partial(_explained, h, clustering.gram, clustering.rectify)


def _explained(h: NDArray[np.float64], gram: NDArray[np.float64], rectify: bool, output: Tensor) -> Tensor:
    """WH for the feature maps (n, C, h, w), and what is below zero where that was not factorised."""
    count, channels, rows, cols = output.shape
    vectors = output.permute(0, 2, 3, 1).reshape(-1, channels).cpu().numpy().astype(np.float64)
    if rectify:
        vectors = np.maximum(vectors, 0.0)
    with threadpool_limits(limits=1, user_api="blas"):  # the same bits on any number of threads
        explained = class_weights(vectors @ h.T, gram) @ h
    maps = torch.from_numpy(explained.astype(np.float32)).reshape(count, rows, cols, channels).permute(0, 3, 1, 2)
    maps = maps.to(output)
    return maps + output.clamp(max=0) if rectify else maps
