"""Providers: who else builds networks – installed packages by entry point, and timm – asked without loading either."""

from __future__ import annotations

import re
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec

GROUP = "wsiview.architectures"
"""The entry point group: a name, and a callable (num_classes, patch_pixels) that gives a torch module of logits."""


@cache
def installed_architectures() -> dict[str, EntryPoint]:
    """The architectures that installed packages offer, by name; nothing of theirs is loaded."""
    return {point.name: point for point in entry_points(group=GROUP)}


@cache
def timm_is_there() -> bool:
    """Whether the package timm is installed; it is not loaded."""
    return find_spec("timm") is not None


def is_timm_name(architecture: str) -> bool:
    """Whether it could be in timm's list of models: no path, no hub's address, no tag of pretrained weights."""
    return re.fullmatch(r"(timm/)?[a-z0-9_]+", architecture) is not None
