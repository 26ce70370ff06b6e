"""Turn: the eight ways in which a slide's pixels fall on a screen's: quarter turns, mirrored or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from wsiview.scene.viewport import Viewport

Rect = tuple[int, int, int, int]
"""x, y, width and height in pixels."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Directions of the slide on screen: (x, y) on the slide points to (a·x + b·y, c·x + d·y); each is −1, 0 or 1."""

    a: int = 1
    b: int = 0
    c: int = 0
    d: int = 1

    @classmethod
    def of(cls, view: Viewport) -> Turn | None:
        """How a view is turned, None by an angle between."""
        if view.rotation % 90:
            return None
        cos, sin = ((1, 0), (0, 1), (-1, 0), (0, -1))[int(view.rotation // 90) % 4]
        mirror = -1 if view.flipped else 1
        return cls(mirror * cos, -sin, mirror * sin, cos)

    @property
    def upright(self) -> bool:
        """Whether nothing is turned or mirrored."""
        return self.a == 1 and self.d == 1

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Where a place falls."""
        return self.a * x + self.b * y, self.c * x + self.d * y

    def rect(self, rect: Rect) -> Rect:
        """Where a rectangle of whole pixels falls."""
        return _mapped(rect, self.a, self.b, self.c, self.d)

    def back(self, rect: Rect) -> Rect:
        """Which rectangle of the slide falls there."""
        return _mapped(rect, self.a, self.c, self.b, self.d)

    def pixels(self, upright: NDArray[Any]) -> NDArray[Any]:
        """A picture (h, w) of the slide as it is seen, a view of the same memory."""
        if self.a:
            return upright[:: self.d, :: self.a]
        return upright.T[:: self.c, :: self.b]


def _mapped(rect: Rect, a: int, b: int, c: int, d: int) -> Rect:
    x, y, width, height = rect
    u0, v0, u1, v1 = (
        a * x + b * y,
        c * x + d * y,
        a * (x + width) + b * (y + height),
        c * (x + width) + d * (y + height),
    )
    return min(u0, u1), min(v0, v1), abs(u1 - u0), abs(v1 - v0)
