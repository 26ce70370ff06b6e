"""NaN probe: poisons stretches of a network's input and sees which locations of a layer notice."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call

from wsiview.errors import ModelError
from wsiview.features.recording import NoFeatureMap, only, recording

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


class _Reached(Exception):
    """The layer has run for the last time; what lies above it is of no interest."""


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
        self.layer = layer
        self._module, self._part, self._patch = module, module.get_submodule(layer), patch
        tensors = (*module.named_parameters(), *module.named_buffers())
        self._ghosts = {name: tensor.to("meta") for name, tensor in tensors}
        self._calls = 0
        try:
            self.shape = self.shape_of(patch, patch)
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

    def shape_of(self, height: int, width: int) -> tuple[int, int, int]:
        """Channels, rows and columns that the layer gives for one input, without computing anything.

        Raises
        ------
        RuntimeError
            If the network can't take an input of that size.
        """
        channels, rows, cols = self.output(torch.empty(1, 3, height, width, device="meta"), self._ghosts).shape[1:]
        return channels, rows, cols

    def output(self, images: Tensor, tensors: Mapping[str, Tensor]) -> Tensor:
        """What the layer gives at its last call; the network's tensors may be replaced by others."""
        calls = 0

        def count(module: nn.Module, inputs: object, output: object) -> None:
            nonlocal calls
            calls += 1
            if calls == self._calls:
                raise _Reached

        with recording(self._part, self.layer) as outputs:
            handle = self._part.register_forward_hook(count)
            try:
                with contextlib.suppress(_Reached):
                    functional_call(self._module, dict(tensors), (images,))
            finally:
                handle.remove()
        # The first run goes through to the end, and so tells how often the layer is called.
        self._calls = calls
        return only(outputs, self.layer)

    def _short_side(self, axis: int) -> int | None:
        """The least of 16, 32, 64, … that the network takes beside a long side; None if it takes none."""
        side = 16
        while side <= max(self._patch, 64):
            try:
                self.shape_of(*_sides(axis, _REGULAR, side))
            except RuntimeError:
                side *= 2
            else:
                return side
        return None

    def _stride(self, axis: int, short: int) -> int | None:
        """From the locations that twice the length adds; None if they do not follow the length."""
        once, twice = (self.shape_of(*_sides(axis, length, short))[1 + axis] for length in (_REGULAR, 2 * _REGULAR))
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
        found = torch.isnan(self.probe.output(images, {})).any(dim=1).any(dim=2 - self.axis)
        result: NDArray[np.bool_] = found.numpy()
        return result


def _sides(axis: int, long: int, short: int) -> tuple[int, int]:
    """Height and width of a strip along that axis."""
    return (long, short) if axis == 0 else (short, long)


def _find_interior(strip: _Strip, stride: int) -> tuple[int, int, int, int] | None:
    """A length with at least two locations that notice neither end: length, all locations, first and last such one."""
    length = 8 * stride
    while length <= _LONGEST:
        head, tail = strip.noticed(length, [(0, 1), (length - 1, length)])
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
    # The location before `first` sees pixel 0, so the field of `first` starts at `stride` at the latest; likewise at
    # the end. Unless no location at all sees the end: then the field may start anywhere.
    clean = np.array([1, 1])
    hit = np.array([stride + 1 if first else length, stride + 1 if last < count - 1 else length])
    while (hit - clean > 1).any():
        middle = (clean + hit) // 2
        head, tail = strip.noticed(length, [(0, int(middle[0])), (length - int(middle[1]), length)])
        noticed = np.array([head[first], tail[last]])
        hit, clean = np.where(noticed, middle, hit), np.where(noticed, clean, middle)
    start, end = int(clean[0]), length - int(clean[1])
    last_start = start + stride * (last - first)
    stretches = [(0, start + 1), (0, last_start), (0, last_start + 1), (end - 1, length)]
    if strip.noticed(length, stretches)[range(4), [first, last, last, last]].tolist() != [True, False, True, True]:
        raise NoFeatureMap(strip.probe.layer, "its locations are not evenly spaced on the patch")
    field = end - last_start
    return AxisReach(stride, start - stride * first + field / 2, field)
