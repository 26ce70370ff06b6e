"""Dense: feature vectors of any rectangle of cells, from a window that reaches far enough to see no padding."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wsiview.features.fusion import Fusion
from wsiview.features.narrowing import narrowing
from wsiview.features.overlap import factorisable
from wsiview.features.recording import evaluating
from wsiview.features.trunk import Trunk
from wsiview.models.classifier import Classifier
from wsiview.tiling.lattice import Cells, Lattice

_MOST_BYTES = 768 * 2**20  # what one layer of the network may read and write for a large window


class DenseLayer:
    """One layer of a network, evaluated without padding: each cell as in a patch that surrounds it far enough.

    Parameters
    ----------
    lattice
        Which pixels must be read for which cells, as the layer's probe tells.
    signed
        Whether its numbers may be negative.
    """

    def __init__(
        self, classifier: Classifier, layer: str, rectify: bool, lattice: Lattice, *, signed: bool = False
    ) -> None:
        self._classifier, self._layer, self._rectify, self.lattice = classifier, layer, rectify, lattice
        self._signed = signed
        self._trunk = Trunk(classifier.module, layer)
        with evaluating(classifier.module), torch.no_grad():
            # The first run goes through to the end, so it needs a size that the whole network takes.
            run = partial(self._trunk.shape_of, *(classifier.bundle.patch_pixels,) * 2)
            self._narrowing = narrowing(classifier.module, classifier.layer(layer), run)
        # What is run in one line fuses its layers itself.
        self._fusion = None if self._narrowing else Fusion(classifier.module, classifier.layer(layer))

    def features(self, pixels: NDArray[np.uint8], cells: Cells) -> Tensor:
        """Feature vectors (rows, cols, C) float32 of some cells, on the network's device.

        Parameters
        ----------
        pixels
            What `lattice.pixels(cells)` asks for, (height, width, 3).

        Raises
        ------
        FeaturesUnusable
            If the layer gives numbers that are not finite, or negative ones though it is not signed.
        """
        _, _, width, height = self.lattice.pixels(cells)
        if pixels.shape != (height, width, 3) or pixels.dtype != np.uint8:
            raise ValueError(f"{pixels.shape} and {pixels.dtype} are not the {height} × {width} pixels of {cells}")
        x, y = self.lattice.before
        inner = self._inner(pixels, slice(y, y + cells.rows), slice(x, x + cells.cols))
        if inner.shape[2:] != (cells.rows, cells.cols):
            raise ValueError(f"the layer gave {tuple(inner.shape)} locations, not those of {cells}")
        return factorisable(inner, self._layer, self._rectify, self._signed)[0].permute(1, 2, 0).contiguous()

    def _inner(self, pixels: NDArray[np.uint8], rows: slice, cols: slice) -> Tensor:
        """What the layer gives (1, C, h, w) at some locations of a window."""
        with ExitStack() as stack:
            stack.enter_context(evaluating(self._classifier.module))
            stack.enter_context(torch.no_grad())
            if self._narrowing is not None:
                return self._narrowing.output(partial(self._images, pixels), rows, cols)
            if self._fusion is not None:
                stack.enter_context(self._fusion.running())
            return self._trunk.output(self._classifier.normalise(pixels[None]))[:, :, rows, cols]

    def _images(self, pixels: NDArray[np.uint8], rows: slice, cols: slice) -> Tensor:
        return self._classifier.normalise(pixels[rows, cols][None])


def window_side(classifier: Classifier, layer: str, lattice: Lattice) -> int:
    """Cells on a side of the largest windows: twice the usual side where the network is narrow enough, else that."""
    twice = 2 * lattice.side
    _, _, width, height = lattice.pixels(Cells(0, 0, twice, twice))
    with evaluating(classifier.module), torch.no_grad(), _measuring(classifier.module) as largest:
        Trunk(classifier.module, layer).shape_of(*(classifier.bundle.patch_pixels,) * 2)
    needed = largest[0] / classifier.bundle.patch_pixels**2 * width * height
    return twice if needed <= _MOST_BYTES else lattice.side


@contextmanager
def _measuring(module: nn.Module) -> Iterator[list[int]]:
    """The most bytes that any one layer reads and writes while the block runs, in a list of one."""
    largest = [0]

    def measure(part: nn.Module, inputs: tuple[object, ...], output: object) -> None:
        found = [one for one in (*inputs, output) if isinstance(one, Tensor)]
        largest[0] = max(largest[0], sum(one.numel() * one.element_size() for one in found))

    handles = [part.register_forward_hook(measure) for part in module.modules() if not list(part.children())]
    try:
        yield largest
    finally:
        for handle in handles:
            handle.remove()
