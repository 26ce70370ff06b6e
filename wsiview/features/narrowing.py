"""Narrowing: windows without padding, whose layers compute only what the asked cells see; for networks in one line."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from wsiview.features.fusion import Run, fused_layers

_STRIP_BYTES = 32 * 2**20  # of the largest output in a strip
_LEAST_ROWS = 8
_FEWER = 4  # times fewer rows than the images have: what comes later is small
_POINTWISE = (nn.BatchNorm2d, nn.ReLU, nn.Identity, nn.Dropout, nn.Dropout2d)

Pair = tuple[int, int]


@dataclass(frozen=True)
class _Step:
    """What one layer does to rows and columns; pairs are (rows, columns)."""

    kernel: Pair
    stride: Pair
    dilation: Pair
    padding: Pair

    def input(self, span: slice, axis: int) -> slice:
        """Which of its input some of its output is made of."""
        start = span.start * self.stride[axis] - self.padding[axis]
        length = (span.stop - span.start - 1) * self.stride[axis] + self.dilation[axis] * (self.kernel[axis] - 1) + 1
        return slice(start, start + length)


class Narrowing:
    """The layers between images and one layer, where each reads what the one before it gives and nothing else does.

    Then they can be run one after the other, without padding, and each gives exactly what the next one needs: with
    padding, all give as much as the whole window, though its border is cut off at the end. The first of them, whose
    outputs are the largest, run over a strip of rows at a time, so that the whole of such an output never takes memory.
    """

    def __init__(self, steps: dict[nn.Module, _Step], asked: nn.Module) -> None:
        self._steps = steps
        line = list(steps)
        fused = fused_layers(line, line, asked)
        self._runs = [(fused.get(part, part), step) for part, step in steps.items()]
        self._first = _first_layers(steps.values())
        channels: list[int] = [part.out_channels for part in line[: self._first] if isinstance(part, nn.Conv2d)]
        self._row_bytes = 4 * max(channels, default=3)

    def pixels(self, rows: slice, cols: slice) -> tuple[slice, slice]:
        """Rows and columns of the images that some locations (counted with padding) are made of."""
        return _seen(rows, 0, self._steps.values()), _seen(cols, 1, self._steps.values())

    def output(self, images: Callable[[slice, slice], Tensor], rows: slice, cols: slice) -> Tensor:
        """What the layer gives (1, C, h, w) at some locations, counted with padding.

        `images` gives rows and columns of the images, (1, 3, h, w), as `pixels` counts them.
        """
        first, later = self._runs[: self._first], self._runs[self._first :]
        steps, rest = [step for _, step in first], [step for _, step in later]
        inner, across = _seen(rows, 0, rest), _seen(_seen(cols, 1, rest), 1, steps)
        with self._unpadded():
            strips = [
                _through(first, images(_seen(strip, 0, steps), across)) for strip in self._strips(inner, across, steps)
            ]
            return _through(later, strips[0] if len(strips) == 1 else torch.cat(strips, dim=2))

    def _strips(self, rows: slice, across: slice, steps: Sequence[_Step]) -> Iterator[slice]:
        """Rows of what the first layers give, so many as are made at a time."""
        row_bytes: int = self._row_bytes * (across.stop - across.start) * math.prod(step.stride[0] for step in steps)
        height = max(_LEAST_ROWS, _STRIP_BYTES // row_bytes) if steps else rows.stop - rows.start
        for start in range(rows.start, rows.stop, height):
            yield slice(start, min(start + height, rows.stop))

    @contextmanager
    def _unpadded(self) -> Iterator[None]:
        """Run layers without padding while the block runs."""
        before = [(part, part.padding) for part in self._steps if hasattr(part, "padding")]
        try:
            for part, _ in before:
                part.padding = (0, 0)  # type: ignore[assignment]
            yield
        finally:
            for part, padding in before:
                part.padding = padding


def _first_layers(steps: Iterable[_Step]) -> int:
    """How many layers there are up to the last that makes rows fewer, to a quarter at most, with it; 0 without any."""
    found, fewer = 0, 1
    for number, step in enumerate(steps, start=1):
        fewer *= step.stride[0]
        if step.stride[0] > 1 and fewer <= _FEWER:
            found = number
    return found


def _seen(span: slice, axis: int, steps: Iterable[_Step]) -> slice:
    """Which of what goes into some layers a part of their output is made of."""
    for step in reversed(list(steps)):
        span = step.input(span, axis)
    return span


def _through(runs: Iterable[tuple[Run, _Step]], values: Tensor) -> Tensor:
    for run, _ in runs:
        values = run(values)
    return values


def narrowing(module: nn.Module, asked: nn.Module, run: Callable[[], object]) -> Narrowing | None:
    """Find out whether a layer is reached so, while `run` runs the network once to its end; None if it is not."""
    line: list[nn.Module] = []
    last: Tensor | None = None
    version, straight, often = 0, True, 0

    def begin(part: nn.Module, inputs: tuple[object, ...]) -> None:
        keep(part, inputs, inputs[0])

    def before(part: nn.Module, inputs: tuple[object, ...]) -> None:
        nonlocal straight, often
        if asked not in line:
            # The same tensor, into which nothing was written since.
            unchanged = len(inputs) == 1 and inputs[0] is last and last is not None and last._version == version
            straight &= unchanged and part not in line
            line.append(part)
        often += part is asked

    def keep(part: nn.Module, inputs: object, output: object) -> None:
        nonlocal last, version
        last = output if isinstance(output, Tensor) else None
        version = 0 if last is None else last._version

    leaves = [part for part in module.modules() if not list(part.children())]
    handles = [module.register_forward_pre_hook(begin)]
    handles += [part.register_forward_pre_hook(before) for part in leaves]
    handles += [part.register_forward_hook(keep) for part in leaves]
    try:
        run()
    finally:
        for handle in handles:
            handle.remove()
    steps = {part: _step(part) for part in line}
    found = {part: step for part, step in steps.items() if step is not None}
    return Narrowing(found, asked) if straight and often == 1 and len(found) == len(steps) else None


def _step(part: nn.Module) -> _Step | None:
    """What a layer does to rows and columns, None for one of another kind."""
    if type(part) in _POINTWISE:
        return _Step((1, 1), (1, 1), (1, 1), (0, 0))
    if type(part) is nn.Conv2d and part.padding_mode == "zeros" and not isinstance(part.padding, str):
        return _Step(*(_pair(one) for one in (part.kernel_size, part.stride, part.dilation, part.padding)))
    if type(part) is nn.MaxPool2d and not part.ceil_mode and not part.return_indices:
        return _Step(*(_pair(one) for one in (part.kernel_size, part.stride, part.dilation, part.padding)))
    return None


def _pair(value: int | tuple[int, ...]) -> Pair:
    return (value, value) if isinstance(value, int) else (value[0], value[1])
