"""Slides: checks on what the commands that read slides were given, and the count of what failed of them."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wsiview.cli.reporting import Reporter
from wsiview.errors import UsageError, WsiviewError
from wsiview.explain.cohort import CohortEntry
from wsiview.explain.request import SALIENCY_METHODS

_THREADS = 256  # more than that fail to start on small computers, and then nothing can be said any more


def check_mpp(mpp: float | None) -> tuple[float, float] | None:
    """The scale given by hand, for both axes.

    Raises
    ------
    UsageError
        If it can't be a slide's scale.
    """
    if mpp is None:
        return None
    if not math.isfinite(mpp) or not 0.05 <= mpp <= 10:
        raise UsageError(f"--mpp {mpp:g}: µm per pixel lie between 0.05 and 10; 0.25 is 40×, 0.5 is 20×")
    return mpp, mpp


def check_threads(threads: int | None) -> None:
    """Refuse a number of threads that is none, or that no computer would start."""
    most = max(_THREADS, os.cpu_count() or 1)
    if threads is not None and not 1 <= threads <= most:
        raise UsageError(f"--threads {threads}: give 1 to {most}")


def check_seed(seed: int) -> None:
    """Refuse a seed that no random number generator takes."""
    if not 0 <= seed < 2**63:
        raise UsageError(f"--seed {seed}: give a whole number from 0 to {2**63 - 1}")


def check_saliency(methods: str) -> tuple[str, ...]:
    """The saliency methods of a list with commas, each once; "none" for none.

    Raises
    ------
    UsageError
        If one is unknown.
    """
    if methods == "none":
        return ()
    names = tuple(dict.fromkeys(name.strip() for name in methods.split(",")))
    for name in names:
        if name not in SALIENCY_METHODS:
            raise UsageError(f"--saliency {name}: there is {', '.join(SALIENCY_METHODS)}, or none")
    return names


def check_file(path: Path) -> None:
    """Make sure that a file can be written, before hours of work.

    Raises
    ------
    UsageError
        If its folder can't be made or written, or it is a folder itself.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder; choose another --out")
    check_folder(path.parent)


def check_folder(folder: Path) -> None:
    """Make sure that a folder to write in is there, before hours of work.

    Raises
    ------
    UsageError
        If it can't be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder} can't be made ({error.strerror}); choose another --out") from error
    if not os.access(folder, os.W_OK):
        raise UsageError(f"{folder} can't be written; choose another --out")


class Failures:
    """What failed of several like things: each is told when it happens, and all again at the end.

    Parameters
    ----------
    wanted
        How many things are to be done; of a single one the failure is told once.
    what
        The end of the sentence that begins "3 of 5 ".
    """

    def __init__(self, wanted: int, what: str, reporter: Reporter) -> None:
        self._wanted, self._what, self._reporter = wanted, what, reporter
        self._told: list[str] = []

    @contextmanager
    def of(self, entry: CohortEntry) -> Iterator[None]:
        """Work on one slide; a failure inside is kept, and the next slide can go on.

        A UsageError goes through: it would be the same for every slide.
        """
        try:
            yield
        except UsageError:
            raise
        except WsiviewError as error:
            self.add(entry, error)

    def add(self, entry: CohortEntry, error: WsiviewError) -> None:
        """Keep one failure, after the line that names its slide."""
        self._told.append(entry.told(error))
        if self._wanted > 1:
            self._reporter.error(self._told[-1])

    def __len__(self) -> int:
        return len(self._told)

    def status(self, partial: bool) -> int:
        """Tell all failures in one line; 1 if there are any, else 3 if parts could not be read, else 0."""
        if not self._told:
            return 3 if partial else 0
        if self._wanted == 1:
            self._reporter.error(self._told[0])
        else:
            self._reporter.error(f"{len(self._told)} of {self._wanted} {self._what}: {' | '.join(self._told)}")
        return 1
