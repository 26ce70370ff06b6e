"""Features cache: the finished parts of a sample of feature vectors, so that a stopped fit goes on where it was."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from wsiview.errors import ClusteringError

Part = tuple[NDArray[np.float32], NDArray[np.bool_]]


class FeaturesCache:
    """Parts of one slide's sample in a folder, each written all or nothing."""

    def __init__(self, folder: Path, key: str) -> None:
        self._folder, self._key = folder, key

    def load(self, number: int) -> Part | None:
        """A part written earlier with the same key: vectors (n, C) and which patches were readable; else None."""
        path = self._path(number)
        if not path.exists():
            return None
        try:
            tensors = load_file(path)
            return tensors["vectors"], tensors["readable"].astype(bool)
        except (SafetensorError, KeyError, OSError):
            return None  # damaged by something else: computed again, with the same result

    def save(self, number: int, part: Part) -> None:
        """Keep a part.

        Raises
        ------
        ClusteringError
            If the folder can't be written.
        """
        path = self._path(number)
        temporary = path.with_suffix(".part")
        vectors, readable = part
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            save_file({"vectors": np.ascontiguousarray(vectors), "readable": readable.astype(np.uint8)}, temporary)
            os.replace(temporary, path)
        except (OSError, SafetensorError) as error:
            temporary.unlink(missing_ok=True)
            raise ClusteringError(
                f"the features can't be kept in {self._folder} ({error}); free some space or choose another --out"
            ) from error

    def _path(self, number: int) -> Path:
        return self._folder / f"{self._key}-{number:06d}.safetensors"
