"""Tensor names: which tensors of a checkpoint are a network's, under whatever names training kept them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from torch import Tensor

from wsiview.errors import ModelError, UsageError

_RENAMED = {"vgg16-gmp": (("backbone.", "features."), ("decode_head.proj.", "classifier."))}
"""What the authors of an architecture call its parts, and what they are called here."""

_OF_TRAINING = re.compile(r"(criterion|loss|loss_fn|loss_function|(\w+_)?(metrics?|accuracy|auroc))\.")


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
    found: Mapping[str, Tensor], wanted: Collection[str], architecture: str, prefix: str | None = None
) -> Adopted:
    """Find the network's tensors, taking off what wrappers put before their names (`model.`, `module.`, `net.` …).

    Nothing inside the prefix is left out, but for losses and metrics, so that a network with more layers than the
    architecture does not pass for it; whether all fits is for `misfit` to say.

    Parameters
    ----------
    wanted
        The names in the architecture's state_dict.
    prefix
        Taken off in place of the one that fits most names.

    Raises
    ------
    NetworkTwice
        If several prefixes fit as well.
    UsageError
        If no tensor has the given prefix.
    """
    names = {_old(name, architecture): name for name in wanted} | {name: name for name in wanted}
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
            tensors[names.get(inner, inner)] = tensor
    return Adopted(tensors, prefix, tuple(left_out))


def _old(name: str, architecture: str) -> str:
    """What the architecture's authors call the tensor."""
    for theirs, ours in _RENAMED.get(architecture, ()):
        if name.startswith(ours):
            return theirs + name.removeprefix(ours)
    return name


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
