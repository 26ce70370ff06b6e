"""Screen reader: a slide that decodes tiles straight into the order of bytes in which screens have them."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from wsiview.slide.slide import Pixels


@runtime_checkable
class ScreenReader(Protocol):
    """What a slide may offer beside `Slide.read`, for viewers: the same pixels without a conversion."""

    def read_bgra(self, level: int, x: int, y: int, width: int, height: int, out: Pixels) -> bool:
        """Write a rectangle of one level to `out`, if that is quicker than `Slide.read`.

        Parameters
        ----------
        level, x, y, width, height
            As of `Slide.read`.
        out
            (height, width, 4) uint8, contiguous; becomes blue, green, red and 255.

        Returns
        -------
        False where it has not been done, for whatever reason: `Slide.read` does it, or says what is wrong. `out` is
        then of any content.
        """
        ...
