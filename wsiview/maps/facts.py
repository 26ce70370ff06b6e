"""Facts: what a map says about itself in its attributes, read without zarr, checked, and compared."""

from __future__ import annotations

import json
import math
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wsiview.errors import MapError
from wsiview.geometry import Affine
from wsiview.maps.faults import DamagedMap, MapMismatch, NewerMap, NotAMap
from wsiview.maps.plan import MAX_CLASSES, VERSION

_LARGEST = 64 * 2**20  # bytes of zarr.json; anything longer is not one of ours
_START_ANEW = "move or delete it to map anew"


@dataclass(frozen=True)
class MapFacts:
    """The checked attributes of one map; the words are those of MapPlan."""

    attributes: dict[str, Any]
    shape: tuple[int, int]
    block: int
    n_classes: int
    class_names: tuple[str, ...]
    class_colors: tuple[str, ...]
    target_names: tuple[str, ...]
    saliency: tuple[str, ...]
    cell_to_level0: Affine
    cell_microns: tuple[float, float] | None
    n_patches: int
    complete: bool

    @property
    def block_grid(self) -> tuple[int, int]:
        """Rows and columns of blocks."""
        return -(-self.shape[0] // self.block), -(-self.shape[1] // self.block)


def read_facts(path: Path) -> MapFacts:
    """What the map at `path` (a folder, or one .ozx file) says about itself.

    Raises
    ------
    NotAMap, NewerMap, DamagedMap
        If it is none, was written by a later version, or contradicts itself.
    MapError
        If it may not be read.
    """
    try:
        text = _zarr_json(path)
    except PermissionError as error:
        raise MapError(f"the map {path} may not be read; ask for the right to read it, or copy it") from error
    except (OSError, zipfile.BadZipFile, KeyError) as error:
        raise NotAMap(path, _why_unread(path)) from error
    try:
        group = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DamagedMap(path, "its zarr.json is not JSON") from error
    attributes = group.get("attributes") if isinstance(group, dict) else None
    ours = attributes.get("wsiview") if isinstance(attributes, dict) else None
    if not isinstance(ours, dict):
        raise NotAMap(path, "its zarr.json says nothing of wsiview")
    version = ours.get("version")
    if not isinstance(version, int) or version < 1:
        raise DamagedMap(path, "its zarr.json has no format version")
    if version > VERSION:
        raise NewerMap(path, version, VERSION)
    try:
        return _checked(ours)
    except (LookupError, TypeError, ValueError, OverflowError) as error:
        raise DamagedMap(path, "its zarr.json contradicts itself") from error


def check_same_plan(path: Path, found: MapFacts, wanted: dict[str, Any]) -> None:
    """Refuse to go on with a map that another plan began.

    Raises
    ------
    MapMismatch
        With the first thing that differs.
    """
    have = found.attributes
    for thing in ("slide", "model", "clustering"):
        if _fingerprint(have, thing) != _fingerprint(wanted, thing):
            raise MapMismatch(path, f"it was made with another {thing} ({_named(have, thing)})", _START_ANEW)
    ours, theirs = have.get("parameters") or {}, wanted.get("parameters") or {}
    for name in sorted({*ours, *theirs}):
        if ours.get(name) != theirs.get(name):
            reason = f"{name} is {ours.get(name)!r} there and {theirs.get(name)!r} here"
            raise MapMismatch(path, reason, _START_ANEW)
    for name in ("shape", "block", "n_classes", "target_names", "saliency", "cell_to_level0", "cell_microns"):
        if have.get(name) != wanted.get(name):
            raise MapMismatch(path, f"its {name.replace('_', ' ')} differs from what is asked for", _START_ANEW)
    if have.get("patches") != wanted.get("patches"):
        raise MapMismatch(path, "it covers other patches of the slide", _START_ANEW)
    if found.complete:
        return
    # Two versions may differ in the last bits: a map must not be half of one and half of the other.
    if have.get("numerics", 1) != wanted.get("numerics", 1):
        raise MapMismatch(path, "another wsiview began it, whose numbers differ in the last digits", _START_ANEW)
    if have.get("software") != wanted.get("software"):
        reason = f"it was begun by {have.get('software')} and this is {wanted.get('software')}"
        raise MapMismatch(path, reason, f"finish it there, or {_START_ANEW}")


def _zarr_json(path: Path) -> bytes:
    if path.is_dir():
        with (path / "zarr.json").open("rb") as file:
            return file.read(_LARGEST)
    with zipfile.ZipFile(path) as archive, archive.open("zarr.json") as member:
        return member.read(_LARGEST)


def _why_unread(path: Path) -> str:
    if not path.exists():
        return "nothing is there"
    if path.is_dir():
        return "it has no zarr.json"
    return "it is neither a folder nor an .ozx file"


def _checked(ours: dict[str, Any]) -> MapFacts:
    rows, cols = (_whole(value, 2**31) for value in ours["shape"])
    n_classes = _whole(ours["n_classes"], MAX_CLASSES)
    microns = ours["cell_microns"]
    facts = MapFacts(
        attributes=ours,
        shape=(rows, cols),
        block=_whole(ours["block"], 2**16),
        n_classes=n_classes,
        class_names=_words(ours["class_names"], n_classes),
        class_colors=_words(ours["class_colors"], n_classes),
        target_names=_words(ours["target_names"]),
        saliency=_words(ours["saliency"]),
        cell_to_level0=Affine.from_rows(ours["cell_to_level0"]),
        cell_microns=None if microns is None else (float(microns[0]), float(microns[1])),
        n_patches=int(ours["patches"]["count"]),
        complete=ours.get("complete") is True,
    )
    affine = facts.cell_to_level0
    if not all(math.isfinite(value) for row in affine.rows for value in row) or affine.a <= 0 or affine.d <= 0:
        raise ValueError("cell_to_level0")
    if not all(isinstance(ours.get(thing, {}), dict) for thing in ("slide", "model", "clustering", "parameters")):
        raise TypeError("slide, model, clustering and parameters are objects")
    if any(".." in name.split("/") or name.startswith("/") for name in facts.saliency):
        raise ValueError("saliency")
    return facts


def _whole(value: object, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise ValueError(value)
    return value


def _words(values: object, count: int | None = None) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise TypeError(values)
    if count is not None and len(values) != count:
        raise ValueError(values)
    return tuple(values)


def _fingerprint(attributes: dict[str, Any], thing: str) -> object:
    part = attributes.get(thing)
    return part.get("fingerprint") if isinstance(part, dict) else None


def _named(attributes: dict[str, Any], thing: str) -> str:
    part = attributes.get(thing)
    name = part.get("name") if isinstance(part, dict) else None
    return str(name) if name else "unnamed"
