"""Slide: what every reader of whole-slide images offers, and how reading can fail."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from wsiview.errors import SlideError
from wsiview.geometry import Region, Size

Pixels = NDArray[np.uint8]
"""RGB pixels, (height, width, 3)."""


class SlideUnopenable(SlideError):
    """A file that is no readable slide."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path.name or path} can't be opened: {reason}")
        self.path, self.reason = path, reason

    def __reduce__(self) -> tuple[type[SlideUnopenable], tuple[Path, str]]:
        """Errors travel between processes with their facts."""
        return type(self), (self.path, self.reason)


class TileUnreadable(SlideError):
    """A rectangle of one level, in that level's pixels, that holds damaged or missing data."""

    def __init__(self, path: Path, level: int, x: int, y: int, width: int, height: int, reason: str) -> None:
        super().__init__(f"{path.name} can't be read at level {level}, x {x}, y {y} ({width} × {height} px): {reason}")
        self.path, self.level, self.x, self.y = path, level, x, y
        self.width, self.height, self.reason = width, height, reason

    def __reduce__(self) -> tuple[type[TileUnreadable], tuple[Path, int, int, int, int, int, str]]:
        """Errors travel between processes with their facts."""
        return type(self), (self.path, self.level, self.x, self.y, self.width, self.height, self.reason)


class SlideVanished(TileUnreadable):
    """A slide whose file can't be reached any more; reading works again once it is back."""


@runtime_checkable
class Slide(Protocol):
    """A pyramid of levels over one whole-slide image; readable from many threads at once."""

    @property
    def path(self) -> Path:
        """The file (or DICOM folder) that was opened."""
        ...

    @property
    def name(self) -> str:
        """The file name without its suffix."""
        ...

    @property
    def reader(self) -> str:
        """The libraries that decode the pixels, with their versions."""
        ...

    @property
    def vendor(self) -> str:
        """The format family, such as "aperio"."""
        ...

    @property
    def dimensions(self) -> Size:
        """The size of level 0."""
        ...

    @property
    def level_dimensions(self) -> tuple[Size, ...]:
        """The size of each level, finest first."""
        ...

    @property
    def level_downsamples(self) -> tuple[tuple[float, float], ...]:
        """Level-0 pixels per pixel of each level, (x, y)."""
        ...

    @property
    def level_tiles(self) -> tuple[Size, ...]:
        """The tile size in which each level is read most cheaply."""
        ...

    @property
    def mpp(self) -> tuple[float, float] | None:
        """Micrometres per level-0 pixel, (x, y); None where missing or beyond belief."""
        ...

    @property
    def bounds(self) -> Region | None:
        """The part of level 0 that was scanned, where the file tells."""
        ...

    @property
    def background(self) -> tuple[int, int, int]:
        """The colour of what was not scanned."""
        ...

    @property
    def fingerprint(self) -> str:
        """Hex SHA-256 that survives renaming the file."""
        ...

    @property
    def associated(self) -> tuple[str, ...]:
        """Names of the pictures beside the slide (label, macro, thumbnail); they may show who the patient is."""
        ...

    @property
    def icc_profile(self) -> bytes | None:
        """The ICC profile that the file holds for its RGB pixels, if any; `read` never applies it."""
        ...

    def read(self, level: int, x: int, y: int, width: int, height: int) -> Pixels:
        """Pixels of one level, in that level's own coordinates.

        Parameters
        ----------
        level
            Index into `level_dimensions`.
        x, y
            Top left corner in that level's pixels; may be negative.
        width, height
            Size in that level's pixels; may overhang. What lies outside has the background colour.

        Returns
        -------
        (height, width, 3) uint8 RGB, contiguous, the caller's own.

        Raises
        ------
        TileUnreadable
            If any part of the rectangle is damaged; SlideVanished if the file is gone.
        """
        ...

    def read_associated(self, name: str) -> Pixels:
        """One of the associated pictures, (height, width, 3) uint8 RGB."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...

    def __enter__(self) -> Self:
        """Use as a context manager."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        ...
