"""NaN probe: poisons stretches of a network's input and sees which locations of a layer notice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from wsiview.errors import ModelError
from wsiview.features.recording import NoFeatureMap
from wsiview.features.trunk import Trunk

_LONGEST = 8192  # pixels; a layer that sees further than about this is called global
_REGULAR = 40320  # divisible by every stride that occurs: 1 to 10, 12, 14, 16, 32, 64, 128


@dataclass(frozen=True)
class AxisReach:
    """One axis of a local layer: stride, centre of location 0, extent of the receptive field, all in pixels."""

    stride: int
    centre: float
    field: int


class PatchUnfit(ModelError):
    """The network can't run on patches of that size."""

    def __init__(self, patch: int, reason: str) -> None:
        super().__init__(f"the network can't take patches of {patch} pixels ({reason}); choose larger patches")
        self.patch, self.reason = patch, reason


class NanProbe:
    """Probes one layer of a network on the CPU, in evaluation mode and without gradients (the caller sees to both).

    Attributes
    ----------
    shape
        Channels, rows and columns that the layer gives for one patch.

    Raises
    ------
    NoFeatureMap
        If the layer gives none.
    PatchUnfit
        If the network can't take such a patch.
    """

    def __init__(self, module: nn.Module, layer: str, patch: int) -> None:
        self.trunk, self._patch = Trunk(module, layer), patch
        try:
            self.shape = self.trunk.shape_of(patch, patch)
        except RuntimeError as error:
            raise PatchUnfit(patch, str(error).splitlines()[0]) from None

    def axis(self, axis: int) -> AxisReach | None:
        """The reach along rows (axis 0) or columns (axis 1); None if every location sees everything.

        Raises
        ------
        NoFeatureMap
            If the locations are not evenly spaced.
        """
        short = self._short_side(axis)
        stride = None if short is None else self._stride(axis, short)
        if short is None or stride is None:
            return None
        strip = _Strip(self, axis, short)
        interior = _find_interior(strip, stride)
        return None if interior is None else _bisect(strip, stride, *interior)

    def _short_side(self, axis: int) -> int | None:
        """The least of 16, 32, 64, … that the network takes beside a long side; None if it takes none."""
        side = 16
        while side <= max(self._patch, 64):
            try:
                self.trunk.shape_of(*_sides(axis, _REGULAR, side))
            except RuntimeError:
                side *= 2
            else:
                return side
        return None

    def _stride(self, axis: int, short: int) -> int | None:
        """From the locations that twice the length adds; None if they do not follow the length."""
        lengths = _REGULAR, 2 * _REGULAR
        once, twice = (self.trunk.shape_of(*_sides(axis, length, short))[1 + axis] for length in lengths)
        more = twice - once
        return _REGULAR // more if more > 0 and _REGULAR % more == 0 else None


@dataclass(frozen=True)
class _Strip:
    """Runs the network on poisoned strips: long along the probed axis, else as short as the network allows.

    What a location sees along one axis does not depend on the other.
    """

    probe: NanProbe
    axis: int
    short: int

    def noticed(self, length: int, stretches: Sequence[tuple[int, int]]) -> NDArray[np.bool_]:
        """Which locations turn NaN when pixels start ≤ i < stop are NaN, (stretches, locations)."""
        images = torch.zeros(len(stretches), 3, *_sides(self.axis, length, self.short))
        images = images.contiguous(memory_format=torch.channels_last)
        for image, (start, stop) in zip(images, stretches, strict=True):
            image.narrow(1 + self.axis, start, stop - start).fill_(torch.nan)
        found = torch.isnan(self.probe.trunk.output(images)).any(dim=1).any(dim=2 - self.axis)
        result: NDArray[np.bool_] = found.numpy()
        return result


def _sides(axis: int, long: int, short: int) -> tuple[int, int]:
    """Height and width of a strip along that axis."""
    return (long, short) if axis == 0 else (short, long)


def _find_interior(strip: _Strip, stride: int) -> tuple[int, int, int, int] | None:
    """A length with at least two locations that notice neither end: length, all locations, first and last such one."""
    length = 8 * stride
    while length <= _LONGEST:
        # Strides without padding drop up to stride − 1 pixels at the end, so a location that sees the padding there
        # need not see the last pixel, but one of the last `stride`.
        head, tail = strip.noticed(length, [(0, 1), (length - stride, length)])
        if head.all() or tail.all():
            length *= 2
            continue
        first = int(np.flatnonzero(head)[-1]) + 1 if head.any() else 0
        last = int(np.flatnonzero(tail)[0]) - 1 if tail.any() else len(tail) - 1
        if last > first:
            return length, len(head), first, last
        length += stride * (first - last + 1)
    return None


def _bisect(strip: _Strip, stride: int, length: int, count: int, first: int, last: int) -> AxisReach:
    """Where the field of the first interior location starts and that of the last one ends, both by bisection."""
    # The location before `first` sees pixel 0, so the field of `first` starts at `stride` at the latest; likewise the
    # one after `last` sees one of the last `stride` pixels. Unless none does: then the field may start anywhere.
    clean = np.array([1, stride])
    hit = np.array([stride + 1 if first else length, 2 * stride + 1 if last < count - 1 else length])
    while (hit - clean > 1).any():
        middle = (clean + hit) // 2
        head, tail = strip.noticed(length, [(0, int(middle[0])), (length - int(middle[1]), length)])
        noticed = np.array([head[first], tail[last]])
        hit, clean = np.where(noticed, middle, hit), np.where(noticed, clean, middle)
    start, end = int(clean[0]), length - int(clean[1])
    last_start = start + stride * (last - first)
    stretches = [(0, start + 1), (0, last_start), (0, last_start + 1), (end - 1, length)]
    if strip.noticed(length, stretches)[range(4), [first, last, last, last]].tolist() != [True, False, True, True]:
        raise NoFeatureMap(strip.probe.trunk.layer, "its locations are not evenly spaced on the patch")
    field = end - last_start
    return AxisReach(stride, start - stride * first + field / 2, field)
