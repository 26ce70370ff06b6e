"""OME: a map's metadata in the words of OME-Zarr 0.5 (https://ngff.openmicroscopy.org/0.5/)."""

from __future__ import annotations

from typing import Any

from wsiview.maps.plan import MapPlan

OME_VERSION = "0.5"


def level_shapes(shape: tuple[int, int], block: int) -> tuple[tuple[int, int], ...]:
    """Rows and columns of every level: each halves the one before, until all fits into one block."""
    shapes = [shape]
    while max(shapes[-1]) > block:
        rows, cols = shapes[-1]
        shapes.append((-(-rows // 2), -(-cols // 2)))
    return tuple(shapes)


def image_metadata(plan: MapPlan, name: str) -> dict[str, Any]:
    """The root group's `ome`: the weights as an image of K channels."""
    return {
        "version": OME_VERSION,
        "multiscales": [_multiscale(plan, name, channels=True)],
        "omero": {"channels": _channels(plan), "rdefs": {"model": "color"}},
    }


def label_metadata(plan: MapPlan) -> dict[str, Any]:
    """The `ome` of `labels/argmax`: the strongest class as a label image."""
    colors = [
        {"label-value": label, "rgba": [*bytes.fromhex(color.lstrip("#")), 255]}
        for label, color in enumerate(plan.class_colors, start=1)
    ]
    properties = [{"label-value": label, "class": name} for label, name in enumerate(plan.class_names, start=1)]
    return {
        "version": OME_VERSION,
        "multiscales": [_multiscale(plan, "argmax", channels=False)],
        "image-label": {"colors": colors, "properties": properties, "source": {"image": "../../"}},
    }


def _multiscale(plan: MapPlan, name: str, channels: bool) -> dict[str, Any]:
    unit = {} if plan.cell_microns is None else {"unit": "micrometer"}
    axes: list[dict[str, str]] = [{"name": axis, "type": "space", **unit} for axis in "yx"]
    if channels:
        axes.insert(0, {"name": "c", "type": "channel"})
    n_levels = len(level_shapes(plan.shape, plan.block))
    datasets = [
        {"path": str(level), "coordinateTransformations": _transformations(plan, level, channels)}
        for level in range(n_levels)
    ]
    return {"name": name, "axes": axes, "datasets": datasets, "type": "mean of the computed cells"}


def _transformations(plan: MapPlan, level: int, channels: bool) -> list[dict[str, Any]]:
    """Index to the place of a cell's *centre*, in µm, or in level-0 pixels where the slide's scale is unknown."""
    affine, factor = plan.cell_to_level0, 2**level
    mpp_x, mpp_y = 1.0, 1.0
    if plan.cell_microns is not None:
        mpp_x, mpp_y = plan.cell_microns[0] / affine.a, plan.cell_microns[1] / affine.d
    scale = [affine.d * factor * mpp_y, affine.a * factor * mpp_x]
    translation = [
        (affine.ty + affine.d * factor / 2) * mpp_y,
        (affine.tx + affine.a * factor / 2) * mpp_x,
    ]
    if channels:
        scale, translation = [1.0, *scale], [0.0, *translation]
    return [{"type": "scale", "scale": scale}, {"type": "translation", "translation": translation}]


def _channels(plan: MapPlan) -> list[dict[str, Any]]:
    top = float(plan.attributes.get("strength_scale") or 1.0)
    window = {"min": 0.0, "start": 0.0, "end": top, "max": top}
    return [
        {"label": name, "color": color.lstrip("#").upper(), "active": True, "window": window}
        for name, color in zip(plan.class_names, plan.class_colors, strict=True)
    ]
