"""Geometry: places and rectangles on a slide, in level-0 pixels, and the affine maps between frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Point:
    """A place in level-0 pixels; (0, 0) is the outer corner of the first pixel, not its centre."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Size:
    """Whole pixels of some level."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle in level-0 pixels."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The first x that is no longer inside."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The first y that is no longer inside."""
        return self.y + self.height

    @property
    def center(self) -> Point:
        """The middle."""
        return Point(self.x + self.width / 2, self.y + self.height / 2)

    def contains(self, point: Point) -> bool:
        """Whether the point is inside (left and top edges count)."""
        return self.x <= point.x < self.right and self.y <= point.y < self.bottom

    def intersects(self, other: Region) -> bool:
        """Whether the two share any area."""
        return self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom

    def intersection(self, other: Region) -> Region | None:
        """The shared rectangle, or None."""
        if not self.intersects(other):
            return None
        x, y = max(self.x, other.x), max(self.y, other.y)
        return Region(x, y, min(self.right, other.right) - x, min(self.bottom, other.bottom) - y)


@dataclass(frozen=True, slots=True)
class Affine:
    """x' = a·x + b·y + tx, y' = c·x + d·y + ty."""

    a: float
    b: float
    tx: float
    c: float
    d: float
    ty: float

    @classmethod
    def identity(cls) -> Affine:
        """The map that changes nothing."""
        return cls(1.0, 0.0, 0.0, 0.0, 1.0, 0.0)

    @classmethod
    def scaling(cls, sx: float, sy: float, tx: float = 0.0, ty: float = 0.0) -> Affine:
        """Scale each axis, then shift."""
        return cls(sx, 0.0, tx, 0.0, sy, ty)

    @classmethod
    def from_rows(cls, rows: Sequence[Sequence[float]]) -> Affine:
        """From a 2 × 3 matrix, as files store it."""
        (a, b, tx), (c, d, ty) = rows
        return cls(float(a), float(b), float(tx), float(c), float(d), float(ty))

    @property
    def rows(self) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
        """The 2 × 3 matrix."""
        return (self.a, self.b, self.tx), (self.c, self.d, self.ty)

    def apply(self, x: float, y: float) -> tuple[float, float]:
        """One place through the map."""
        return self.a * x + self.b * y + self.tx, self.c * x + self.d * y + self.ty

    def apply_all(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Many places (n, 2) through the map."""
        matrix = np.array([[self.a, self.b], [self.c, self.d]])
        moved: NDArray[np.float64] = points @ matrix.T + np.array([self.tx, self.ty])
        return moved

    def inverse(self) -> Affine:
        """The way back.

        Raises
        ------
        ValueError
            If the map flattens the plane.
        """
        det = self.a * self.d - self.b * self.c
        if det == 0:
            raise ValueError("this affine map has no inverse")
        a, b, c, d = self.d / det, -self.b / det, -self.c / det, self.a / det
        return Affine(a, b, -(a * self.tx + b * self.ty), c, d, -(c * self.tx + d * self.ty))

    def after(self, first: Affine) -> Affine:
        """The map that does `first`, then this one."""
        return Affine(
            self.a * first.a + self.b * first.c,
            self.a * first.b + self.b * first.d,
            self.a * first.tx + self.b * first.ty + self.tx,
            self.c * first.a + self.d * first.c,
            self.c * first.b + self.d * first.d,
            self.c * first.tx + self.d * first.ty + self.ty,
        )
