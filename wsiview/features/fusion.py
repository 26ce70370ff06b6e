"""Fusion: batch norm and ReLU in one step with the convolution before them; the asked layer gives what it gave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

Run = Callable[[Tensor], Tensor]


class Fusion:
    """What of a network is run as one, found out once, with its weights as they are then.

    Only convolution, batch norm and ReLU are fused that follow each other in an `nn.Sequential` that is called as a
    whole, since nothing else can see what passes between them there. All layers are called in their order; what is
    fused gives its result already from its convolution, or only from the max pooling after it, and the others hand on
    what they get. The layer that is asked for gives what it would give anyway, but for rounding.
    """

    def __init__(self, module: nn.Module, asked: nn.Module) -> None:
        often = Counter(id(part) for _, part in module.named_modules(remove_duplicate=False))
        self._replaced: dict[nn.Module, Run] = {}
        for part in module.modules():
            if isinstance(part, nn.Sequential) and _own_forward(part) is nn.Sequential.forward:
                inner = fused_layers([one for one in part if often[id(one)] == 1], list(part), asked)
                if inner:
                    self._replaced[part] = _as_a_whole(part, inner)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run the network so while the block runs; the caller sees to evaluation mode."""
        try:
            for part, run in self._replaced.items():
                part.forward = run
            yield
        finally:
            for part in self._replaced:
                vars(part).pop("forward", None)


def _as_a_whole(part: nn.Sequential, inner: dict[nn.Module, Run]) -> Run:
    """A Sequential's forward whose layers run as told, only while it runs."""

    def run(values: Tensor) -> Tensor:
        try:
            for child, how in inner.items():
                child.forward = how
            for child in part:
                values = child(values)
            return values
        finally:
            for child in inner:
                vars(child).pop("forward", None)

    return run


def fused_layers(usable: list[nn.Module], children: list[nn.Module], asked: nn.Module) -> dict[nn.Module, Run]:
    """What each fused layer does in place of its own, of layers of which each reads what the one before it gives.

    Only `usable` ones are fused, and nothing beyond the one `asked` for.
    """
    found: dict[nn.Module, Run] = {}
    for index, conv in enumerate(children):
        if type(conv) is not nn.Conv2d or conv.padding_mode != "zeros" or conv not in usable or conv is asked:
            continue
        following = [one if one in usable else None for one in children[index + 1 : index + 4]]
        norm = following[0] if following and isinstance(following[0], nn.BatchNorm2d) else None
        if norm is not None:
            following.pop(0)
            if norm.running_mean is None:
                continue
        relu = bool(following) and type(following[0]) is nn.ReLU and norm is not asked
        if norm is None and not relu:
            continue
        # The largest of some numbers above zero is that of all, above zero: so pooled first, fewer are to be rectified.
        pool = following[1] if relu and len(following) > 1 and following[0] is not asked else None
        pooled = pool is not None and type(pool) is nn.MaxPool2d and not pool.return_indices
        found[conv] = _Convolution.of(conv, norm, relu and not pooled)
        if norm is not None:
            found[norm] = _handed_on
        if relu and following[0] is not None:
            found[following[0]] = _handed_on
        if pooled and pool is not None:
            found[pool] = _rectified(_halved(pool) if _halves(pool) else type(pool).forward.__get__(pool))
    return found


def _rectified(pool: Run) -> Run:
    return lambda values: functional.relu_(pool(values))


def _halves(pool: nn.Module) -> bool:
    """Whether a pooling takes the largest of each 2 × 2."""
    told = (getattr(pool, name) for name in ("kernel_size", "stride", "padding", "dilation"))
    expected = ((2, 2), (2, 2), (0, 0), (1, 1))
    return not pool.ceil_mode and all(one in (pair, pair[0]) for one, pair in zip(told, expected, strict=True))


def _halved(pool: nn.Module) -> Run:
    """The same numbers in half the time on a CPU, where torch's pooling also writes down which was the largest."""
    plain: Run = type(pool).forward.__get__(pool)

    def run(values: Tensor) -> Tensor:
        lies = values.device.type == "cpu" and values.is_contiguous(memory_format=torch.channels_last)
        if not lies or values.requires_grad or min(values.shape[2:]) < 2:
            return plain(values)
        rows, cols = (length // 2 * 2 for length in values.shape[2:])
        whole = values[:, :, :rows, :cols]
        higher = torch.maximum(whole[:, :, 0::2], whole[:, :, 1::2])
        return torch.maximum(higher[:, :, :, 0::2], higher[:, :, :, 1::2])

    return run


def _own_forward(part: nn.Module) -> object:
    """The forward that its class has, or what stands in place of it."""
    return vars(part).get("forward", type(part).forward)


def _handed_on(values: Tensor) -> Tensor:
    return values


@dataclass(frozen=True, eq=False)
class _Convolution:
    """A convolution with the batch norm after it in its weights, and the ReLU after that if there is one."""

    conv: nn.Conv2d
    weight: Tensor
    bias: Tensor | None
    relu: bool

    @classmethod
    def of(cls, conv: nn.Conv2d, norm: nn.BatchNorm2d | None, relu: bool) -> _Convolution:
        """Fold a batch norm that evaluates; its numbers in float64, so that only two roundings are added."""
        if norm is None or norm.running_mean is None or norm.running_var is None:
            return cls(conv, conv.weight, conv.bias, relu)
        wide = torch.float32 if conv.weight.device.type == "mps" else torch.float64
        scale = (norm.running_var.to(wide) + norm.eps).rsqrt()
        if norm.weight is not None:
            scale = scale * norm.weight.to(wide)
        shift = -norm.running_mean.to(wide) * scale
        if norm.bias is not None:
            shift = shift + norm.bias.to(wide)
        if conv.bias is not None:
            shift = shift + conv.bias.to(wide) * scale
        return cls(conv, conv.weight * scale.to(conv.weight).view(-1, 1, 1, 1), shift.to(conv.weight), relu)

    def __call__(self, values: Tensor) -> Tensor:
        """The convolution's output as it leaves the last of the fused layers."""
        conv = self.conv
        found = functional.conv2d(
            values, self.weight, self.bias, conv.stride, conv.padding, conv.dilation, conv.groups
        )
        # Not oneDNN's own ReLU, which makes zeros of what is no number, so that a broken network would not be noticed.
        return functional.relu_(found) if self.relu else found
