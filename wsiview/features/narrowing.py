"""Narrowing: windows without padding, whose layers compute only what the asked cells see; for networks in one line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from torch import Tensor, nn

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

    Then padding can be taken off all of them, and each gives exactly what the next one needs: with padding, all give
    as much as the whole window, though its border is cut off at the end.
    """

    def __init__(self, steps: dict[nn.Module, _Step]) -> None:
        self._steps = steps

    def pixels(self, rows: slice, cols: slice) -> tuple[slice, slice]:
        """Rows and columns of the images that some locations (counted with padding) are made of."""
        for step in reversed(self._steps.values()):
            rows, cols = step.input(rows, 0), step.input(cols, 1)
        return rows, cols

    @contextmanager
    def unpadded(self) -> Iterator[None]:
        """Run the network without padding while the block runs."""
        before = [(part, part.padding) for part in self._steps if hasattr(part, "padding")]
        try:
            for part, _ in before:
                part.padding = (0, 0)  # type: ignore[assignment]
            yield
        finally:
            for part, padding in before:
                part.padding = padding


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
    return Narrowing(found) if straight and often == 1 and len(found) == len(steps) else None


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
