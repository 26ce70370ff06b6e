"""Wrapped slide: a slide that hands on what another one says, for those that change one thing about it."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Self

from wsiview.geometry import Size
from wsiview.slide.slide import Pixels, Slide


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A rectangle of one level, in that level's pixels, that could not be read."""

    level: int
    x: int
    y: int
    width: int
    height: int


class WrappedSlide:
    """Says and reads what `inner` does.

    `built_levels` are those that the file lacks; where they show a place that is `unreadable` in the file's own level
    they were made from, they hold no tissue.

    Parameters
    ----------
    inner
        The slide; closing the wrapper closes it.
    """

    def __init__(self, inner: Slide) -> None:
        """Take over everything that costs no reading."""
        self.inner = inner
        self.path, self.name, self.reader, self.vendor = inner.path, inner.name, inner.reader, inner.vendor
        self.level_dimensions, self.level_downsamples = inner.level_dimensions, inner.level_downsamples
        self.level_tiles, self.mpp, self.bounds = inner.level_tiles, inner.mpp, inner.bounds
        self.background, self.associated, self.icc_profile = inner.background, inner.associated, inner.icc_profile
        self.built_levels: frozenset[int] = frozenset()
        self.unreadable: tuple[Unreadable, ...] = ()
        if isinstance(inner, WrappedSlide):
            self.built_levels, self.unreadable = inner.built_levels, inner.unreadable

    @property
    def dimensions(self) -> Size:
        """The size of level 0."""
        return self.level_dimensions[0]

    @property
    def fingerprint(self) -> str:
        """Of the slide inside."""
        return self.inner.fingerprint

    def read(self, level: int, x: int, y: int, width: int, height: int) -> Pixels:
        """Pixels of one level, see `Slide.read`."""
        return self.inner.read(level, x, y, width, height)

    def read_bgra(self, level: int, x: int, y: int, width: int, height: int, out: Pixels) -> bool:
        """Not done, see `ScreenReader.read_bgra`: only a wrapper that leaves pixels alone may hand that on."""
        return False

    def is_whole(self, level: int, x: int, y: int, width: int, height: int) -> bool:
        """Whether all of a rectangle is there by now; what is not has a stand-in."""
        inner = self.inner
        return not isinstance(inner, WrappedSlide) or inner.is_whole(level, x, y, width, height)

    def read_associated(self, name: str) -> Pixels:
        """One of the associated pictures, (height, width, 3) uint8 RGB."""
        return self.inner.read_associated(name)

    def close(self) -> None:
        """Let go of the file."""
        self.inner.close()

    def __enter__(self) -> Self:
        """Use as a context manager."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()
