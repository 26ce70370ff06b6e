"""Vectors: where the feature vectors of a fit come from; read in chunks, so that they need not be in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

Item = TypeVar("Item")
Result = TypeVar("Result")


class Vectors(Protocol):
    """n feature vectors of C channels, the same at every reading."""

    @property
    def shape(self) -> tuple[int, int]:
        """(n, C)."""
        ...

    def read(self, first: int, last: int) -> NDArray[np.float32]:
        """The vectors from `first` up to before `last`, (last − first, C); called by one thread at a time."""
        ...


class ArrayVectors:
    """Vectors that are in memory, (n, C) float32."""

    def __init__(self, array: NDArray[np.float32]) -> None:
        self._array = array

    @property
    def shape(self) -> tuple[int, int]:
        """(n, C)."""
        return self._array.shape[0], self._array.shape[1]

    def read(self, first: int, last: int) -> NDArray[np.float32]:
        """A view of some."""
        return self._array[first:last]


def drawn_rows(count: int, most: int, seed: int | Sequence[int]) -> NDArray[np.int64]:
    """Numbers of at most `most` of `count` vectors, ascending, drawn with the seed; all where there are no more."""
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, most, replace=False))


def pick(vectors: Vectors, rows: NDArray[np.int64], chunk: int) -> NDArray[np.float32]:
    """Some rows, in ascending order, read chunk by chunk; (m, C) float32."""
    found = np.empty((len(rows), vectors.shape[1]), np.float32)
    for first in range(0, vectors.shape[0], chunk):
        low, high = np.searchsorted(rows, (first, first + chunk))
        if high > low:
            part = vectors.read(first, min(first + chunk, vectors.shape[0]))
            found[low:high] = part[rows[low:high] - first]
    return found


def ordered(work: Callable[[Item], Result], items: Iterable[Item], threads: int) -> Iterator[Result]:
    """What `work` makes of each item, in the order of the items, whatever thread was first.

    The items are taken by the calling thread, never more than a few ahead, so that they may be large.
    """
    if threads <= 1:
        yield from map(work, items)
        return
    waiting: deque[Future[Result]] = deque()
    source = iter(items)
    with ThreadPoolExecutor(threads, thread_name_prefix="clustering") as pool:
        try:
            while True:
                waiting.extend(pool.submit(work, item) for item in islice(source, threads + 1 - len(waiting)))
                if not waiting:
                    return
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
