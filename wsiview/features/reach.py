"""Reach: stride, centre and extent of what one location of a layer sees, found by poisoning the input with NaN."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch

from wsiview.features.nan_probe import NanProbe
from wsiview.features.recording import NoFeatureMap, evaluating
from wsiview.models.classifier import Classifier


@dataclass(frozen=True)
class Reach:
    """How a layer's locations lie on its input, in pixels that the network reads; pairs are (x, y).

    Attributes
    ----------
    stride
        From one location to the next.
    centre
        Centre of the receptive field of location (0, 0), in continuous pixels: 0 is the input's outer edge.
    field
        Size of the receptive field.
    channels
        Length of a feature vector.
    local
        Whether a location sees a bounded neighbourhood; otherwise centre comes from the shapes alone and field is the
        patch.
    shape
        Rows and columns of locations of one patch.
    note
        Why the layer is not local, else None.
    """

    stride: tuple[int, int]
    centre: tuple[float, float]
    field: tuple[int, int]
    channels: int
    local: bool
    shape: tuple[int, int]
    note: str | None = None


def probe_reach(classifier: Classifier, layer: str, rectify: bool = False) -> Reach:
    """Probe the layer; the answer depends on architecture and layer only, not on weights or device.

    All columns left of a place are made NaN: a location turns NaN exactly if its field starts left of that place. So
    bisection finds where the field of an interior location starts, and the same from the right where it ends.

    Parameters
    ----------
    rectify
        Makes no difference: ReLU acts on each location by itself.

    Raises
    ------
    ModelError
        If there is no such layer, or it gives no feature map.
    """
    classifier.layer(layer)
    module = classifier.module
    if classifier.device.type != "cpu":
        # Fast convolutions of accelerators (Winograd, FFT) let a NaN spread beyond the field.
        module = copy.deepcopy(module).cpu()
    patch = classifier.bundle.patch_pixels
    with evaluating(module), torch.no_grad():
        probe = NanProbe(module, layer, patch)
        y, x = probe.axis(0), probe.axis(1)
    channels, rows, cols = probe.shape
    if x is None or y is None:
        return _global(layer, patch, channels, rows, cols)
    return Reach((x.stride, y.stride), (x.centre, y.centre), (x.field, y.field), channels, True, (rows, cols))


def patch_locations(classifier: Classifier, layer: str, patch: int) -> tuple[int, int]:
    """Feature locations (x, y) of a patch of `patch` × `patch` pixels.

    Raises
    ------
    ModelError
        If there is no such layer, or it gives no feature map.
    """
    classifier.layer(layer)
    with evaluating(classifier.module), torch.no_grad():
        _, rows, cols = NanProbe(classifier.module, layer, patch).shape
    return cols, rows


def _global(layer: str, patch: int, channels: int, rows: int, cols: int) -> Reach:
    if patch % rows or patch % cols:
        raise NoFeatureMap(layer, f"its {rows} × {cols} locations see the whole patch and do not divide its {patch} px")
    stride = patch // cols, patch // rows
    note = f"every location of {layer!r} sees the whole patch, so cells are placed by the shape alone"
    return Reach(stride, (stride[0] / 2, stride[1] / 2), (patch, patch), channels, False, (rows, cols), note)
