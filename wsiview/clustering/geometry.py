"""Geometry of a clustering: how its feature vectors were cut from slides, which a map has to repeat exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

EVALUATIONS = ("overlap", "dense")


@dataclass(frozen=True, slots=True)
class Geometry:
    """Lengths in pixels of the model's virtual level; pairs are (x, y).

    Attributes
    ----------
    patch_pixels, step_pixels
        Side of a patch and distance between neighbouring ones.
    trim
        Outermost locations left out on each side of a patch.
    cell_stride
        Distance between neighbouring locations.
    cell_centre
        Centre of location (0, 0)'s receptive field, continuous, from the patch's outer corner.
    field
        Size of the receptive field.
    spacing
        Effective mpp in µm per pixel; None: level-0 pixels as they are.
    label_region
        Side of the central square that the model's label speaks of; None: the whole patch.
    min_tissue
        Smallest tissue share of a patch's central step × step area.
    evaluation
        "overlap" or "dense".
    """

    patch_pixels: int
    step_pixels: int
    trim: int
    cell_stride: tuple[int, int]
    cell_centre: tuple[float, float]
    field: tuple[int, int]
    spacing: float | None
    label_region: int | None
    min_tissue: float
    evaluation: str = "overlap"

    def __post_init__(self) -> None:
        """Refuse numbers no patch grid could have."""
        sides = (self.patch_pixels, self.step_pixels, *self.cell_stride, *self.field)
        floats = (*self.cell_centre, self.min_tissue, 1.0 if self.spacing is None else self.spacing)
        if min(sides) < 1 or self.trim < 0 or not all(map(isfinite, floats)):
            raise ValueError("its geometry has a length that is not possible")
        if (self.spacing is not None and self.spacing <= 0) or not 0 <= self.min_tissue <= 1:
            raise ValueError("its geometry has a spacing or tissue share that is not possible")
        if self.label_region is not None and not 1 <= self.label_region <= self.patch_pixels:
            raise ValueError("its label region doesn't fit into its patch")
        if self.evaluation not in EVALUATIONS:
            raise ValueError(f"its evaluation {self.evaluation!r} is neither overlap nor dense")

    def to_json(self) -> dict[str, Any]:
        """Plain values for a file; pairs become lists."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Geometry:
        """Back from a file.

        Raises
        ------
        ValueError, TypeError, KeyError
            If a value is missing or of the wrong kind.
        """
        stride, centre, field = values["cell_stride"], values["cell_centre"], values["field"]
        return cls(
            patch_pixels=_whole(values["patch_pixels"]),
            step_pixels=_whole(values["step_pixels"]),
            trim=_whole(values["trim"]),
            cell_stride=(_whole(stride[0]), _whole(stride[1])),
            cell_centre=(float(centre[0]), float(centre[1])),
            field=(_whole(field[0]), _whole(field[1])),
            spacing=None if values["spacing"] is None else float(values["spacing"]),
            label_region=None if values["label_region"] is None else _whole(values["label_region"]),
            min_tissue=float(values["min_tissue"]),
            evaluation=str(values["evaluation"]),
        )


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{value!r} is not a whole number")
    return value
