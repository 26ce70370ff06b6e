"""Features cache: the finished parts of a fit's feature vectors on disk, so that a stopped fit goes on where it was.

Numbers are kept as float16, each part times a power of two that keeps its largest from overflowing; parts that would
take more room than there is are not kept, and computed again whenever they are read.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from wsiview.clustering.passes import State
from wsiview.errors import ClusteringError

Vectors = NDArray[np.float32]

ROOM = 16 * 2**30
"""Bytes that a fit's features may take on disk, unless told otherwise."""
_TOP = 14  # the largest number of a part lies below 2 to this, 65504 being the largest float16


def rounded(vectors: Vectors) -> Vectors:
    """The vectors as they come back from disk; a fit uses these whether or not they were kept."""
    halves, exponent = _halves(vectors)
    return _wide(halves, exponent)


def _halves(vectors: Vectors) -> tuple[NDArray[np.float16], int]:
    largest = float(np.abs(vectors).max(initial=0.0))
    exponent = int(np.frexp(largest)[1]) - _TOP if np.isfinite(largest) and largest > 0 else 0
    return np.ldexp(vectors, -exponent).astype(np.float16), exponent


def _wide(halves: NDArray[np.float16], exponent: int) -> Vectors:
    return np.ldexp(halves.astype(np.float32), exponent)


class FeaturesCache:
    """Parts of a fit's features, and how far its passes have come, in a folder; each file written all or nothing.

    Parameters
    ----------
    room
        Bytes that the vectors still to be kept may take.
    """

    def __init__(self, folder: Path, room: int = ROOM) -> None:
        self._folder, self._room = folder, room

    def readable(self, name: str) -> NDArray[np.bool_] | None:
        """Which patches of a part could be read; None if the part was never computed."""
        found = self._load(name)
        return None if found is None or "readable" not in found else found["readable"].astype(bool)

    def vectors(self, name: str) -> Vectors | None:
        """The vectors of a part (n, C); None if they were not kept."""
        found = self._load(name)
        return None if found is None or "vectors" not in found else _wide(found["vectors"], int(found["exponent"][0]))

    def keep(self, name: str, vectors: Vectors, readable: NDArray[np.bool_]) -> None:
        """Keep a part: its vectors where there is room, and always which patches could be read.

        Raises
        ------
        ClusteringError
            If the folder can't be written.
        """
        tensors: dict[str, NDArray[Any]] = {"readable": readable.astype(np.uint8)}
        if 2 * vectors.size <= self._room:
            halves, exponent = _halves(vectors)
            tensors |= {"vectors": halves, "exponent": np.array([exponent], np.int64)}
            self._room -= halves.nbytes
        self._save(name, tensors)

    def state(self, name: str) -> State | None:
        """How far the passes of a fit had come; None if they had not begun."""
        found = self._load(name)
        if found is None:
            return None
        try:
            beta, bound, settled = found["numbers"].tolist()
            return State(found["class_vectors"], found["before"], beta, bound, tuple(found["history"]), bool(settled))
        except (KeyError, ValueError):
            return None  # damaged by something else: begun again, with the same result

    def keep_state(self, name: str, state: State) -> None:
        """Keep how far the passes have come."""
        numbers = np.array([state.beta, state.bound, float(state.settled)])
        history = np.array(state.history)
        parts = {"class_vectors": state.class_vectors, "before": state.before, "history": history, "numbers": numbers}
        self._save(name, {key: np.ascontiguousarray(value) for key, value in parts.items()})

    def _load(self, name: str) -> dict[str, NDArray[Any]] | None:
        path = self._path(name)
        if not path.exists():
            return None
        try:
            found: dict[str, NDArray[Any]] = load_file(path)
        except (SafetensorError, OSError):
            return None  # damaged by something else: computed again, with the same result
        return found

    def _save(self, name: str, tensors: dict[str, NDArray[Any]]) -> None:
        path = self._path(name)
        # Two processes may write the same, if one of them was thought to have died.
        temporary = path.with_suffix(f".{uuid.uuid4().hex}.part")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            save_file(tensors, temporary)
            os.replace(temporary, path)
        except (OSError, SafetensorError) as error:
            temporary.unlink(missing_ok=True)
            raise ClusteringError(
                f"the features can't be kept in {self._folder} ({error}); free some space or choose another --out"
            ) from error

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.safetensors"


def room_left(folder: Path, room: int) -> int:
    """Bytes of `room` that nothing in the folder has taken yet."""
    return max(0, room - sum(path.stat().st_size for path in folder.glob("*.safetensors")))


@dataclass(frozen=True)
class Part:
    """A batch of patches: its name in the cache, how many vectors it gives, and how to compute them again."""

    name: str
    count: int
    compute: Callable[[], Vectors]


class CachedVectors:
    """The feature vectors of many parts as one run, read from the cache or computed again; never all in memory."""

    def __init__(self, parts: Sequence[Part], channels: int, cache: FeaturesCache) -> None:
        self._parts, self._channels, self._cache = parts, channels, cache
        self._ends = np.cumsum([part.count for part in parts])
        self._last: tuple[str, Vectors] | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """(n, C)."""
        return int(self._ends[-1]), self._channels

    def read(self, first: int, last: int) -> Vectors:
        """The vectors from `first` up to before `last`."""
        found = np.empty((last - first, self._channels), np.float32)
        at = first
        for index in range(int(np.searchsorted(self._ends, first, side="right")), len(self._parts)):
            if at >= last:
                break
            begin, end = int(self._ends[index]) - self._parts[index].count, min(int(self._ends[index]), last)
            found[at - first : end - first] = self._part(self._parts[index])[at - begin : end - begin]
            at = end
        return found

    def _part(self, part: Part) -> Vectors:
        if self._last is None or self._last[0] != part.name:
            kept = self._cache.vectors(part.name)
            self._last = part.name, part.compute() if kept is None else kept
        return self._last[1]
