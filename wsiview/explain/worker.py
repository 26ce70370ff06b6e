"""Worker: what the jobs of one process share – they run one at a time, with the network that was loaded last."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from wsiview.models.bundle import read_bundle
from wsiview.models.classifier import Classifier, load_classifier
from wsiview.models.device import set_threads

_ALONE = threading.Lock()


@contextmanager
def working(model: Path, device: str | None, threads: int | None) -> Iterator[Classifier]:
    """The network, for one job alone: hooks of two jobs would meet on it.

    Raises
    ------
    ModelError
        If the model or the device can't be used.
    """
    with _ALONE:
        set_threads(threads)
        yield classifier_of(model, device)


def classifier_of(model: Path, device: str | None) -> Classifier:
    """The network, loaded once for all jobs of a process, until the folder's contents change.

    Raises
    ------
    ModelError
        If the model or the device can't be used.
    """
    return _loaded(model, read_bundle(model).fingerprint, device)


@lru_cache(maxsize=1)
def _loaded(model: Path, fingerprint: str, device: str | None) -> Classifier:
    return load_classifier(read_bundle(model), device)
