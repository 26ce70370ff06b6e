"""Tensor names: which tensors of a checkpoint are a network's, under whatever names training kept them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from torch import Tensor

from wsiview.errors import ModelError, UsageError

_TRUNK, _HEAD = "features.", "classifier."
_RENAMED = {
    "vgg16-gmp": (
        (_TRUNK, "backbone."), (_TRUNK, "backbone.features."), (_TRUNK, "features."),
        (_HEAD, "decode_head.proj."), (_HEAD, "classifier."),
    ),
}  # fmt: skip
"""What an architecture's parts are called here, and by their authors; each part may have another's way of naming."""

_OF_TRAINING = re.compile(
    r"(criterion|loss|loss_fn|loss_function|"
    r"(\w+_)?(metrics?|acc|accuracy|auc|auroc|f1|f1_?score|precision|recall|specificity|confmat|confusion_matrix))\."
)


class NetworkTwice(ModelError):
    """A checkpoint holds several networks that fit as well."""

    def __init__(self, prefixes: Collection[str]) -> None:
        names = ", ".join(repr(prefix) for prefix in sorted(prefixes))
        super().__init__(f"the network is in the file {len(prefixes)} times, under {names}; choose one with --prefix")


@dataclass(frozen=True)
class Adopted:
    """A network's tensors by the architecture's names.

    Attributes
    ----------
    prefix
        What stood before each of these names.
    left_out
        Names of tensors that belong to the training or lie outside the prefix.
    """

    tensors: dict[str, Tensor]
    prefix: str
    left_out: tuple[str, ...]


def adopt(
    found: Mapping[str, Tensor], wanted: Mapping[str, Tensor], architecture: str, prefix: str | None = None
) -> Adopted:
    """Find the network's tensors, taking off what wrappers put before their names (`model.`, `module.`, `net.` …).

    Nothing inside the prefix is left out, but for losses and metrics, so that a network with more layers than the
    architecture does not pass for it; whether all fits is for `misfit` to say.

    Parameters
    ----------
    wanted
        The architecture's state_dict. Where it has a linear layer, a 1 × 1 convolution's numbers are the same thing.
    prefix
        Taken off in place of the one that fits most names.

    Raises
    ------
    NetworkTwice
        If several prefixes fit as well.
    UsageError
        If no tensor has the given prefix.
    """
    names = {called: name for name in wanted for called in _called(name, architecture)}
    if prefix is None:
        prefix = _likeliest(found, names)
    elif prefix and not prefix.endswith("."):
        prefix += "."
    if not any(name.startswith(prefix) for name in found):
        raise UsageError(f"--prefix {prefix}: no tensor's name starts so; there is {next(iter(found))}, say")
    tensors: dict[str, Tensor] = {}
    left_out = []
    for name, tensor in found.items():
        inner = name.removeprefix(prefix)
        if not name.startswith(prefix) or (inner not in names and _OF_TRAINING.match(inner)):
            left_out.append(name)
        else:
            ours = names.get(inner, inner)
            linear = ours in wanted and wanted[ours].ndim == 2 and tensor.shape[2:] == (1, 1)
            tensors[ours] = tensor.flatten(1) if linear else tensor
    return Adopted(tensors, prefix, tuple(left_out))


def _called(name: str, architecture: str) -> list[str]:
    """What the tensor is called here, and by the architecture's authors."""
    renamed = _RENAMED.get(architecture, ())
    return [name, *(theirs + name.removeprefix(ours) for ours, theirs in renamed if name.startswith(ours))]


def _likeliest(found: Mapping[str, Tensor], names: Mapping[str, str]) -> str:
    """The prefix under which most of the names are found; "" if none is."""
    hits: Counter[str] = Counter()
    for name in found:
        for start in (0, *(match.end() for match in re.finditer(r"\.", name))):
            if name[start:] in names:
                hits[name[:start]] += 1
    if not hits:
        return ""
    most = max(hits.values())
    best = [prefix for prefix, count in hits.items() if count == most]
    if len(best) > 1:
        raise NetworkTwice(best)
    return best[0]
