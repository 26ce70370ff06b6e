"""OME-TIFF: which picture of the file is the slide, and whether it can be shown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wsiview.geometry import Size
from wsiview.slide.ome_xml import OmeImage, ome_images
from wsiview.slide.slide import SlideUnopenable
from wsiview.slide.tiff_layout import TiffLevel, level_of

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPageSeries

_ICC_PROFILE = 34675


@dataclass(frozen=True, eq=False, slots=True)
class OmePicture:
    """The largest picture of an OME-TIFF, 8-bit RGB or grey.

    Attributes
    ----------
    series
        What tifffile knows of it.
    mpp
        µm per pixel, (x, y), from the XML.
    """

    series: TiffPageSeries
    mpp: tuple[float, float] | None

    @property
    def icc_profile(self) -> object:
        """What its ICC tag holds, if it has one."""
        return self.series.keyframe.tags.valueof(_ICC_PROFILE)

    @property
    def tiled(self) -> bool:
        """Whether all its levels are in tiles."""
        return all(level.keyframe.is_tiled for level in self.series.levels)

    def levels(self) -> tuple[TiffLevel, ...]:
        """Its pyramid, finest first.

        Raises
        ------
        UnknownLayout
            If its tiles are not read directly.
        """
        levels = self.series.levels
        return tuple(level_of([page for page in level.pages if page], _size(level), "") for level in levels)


def ome_picture(tiff: TiffFile, path: Path) -> OmePicture | None:
    """The slide in an OME-TIFF; None for any other TIFF.

    Raises
    ------
    SlideUnopenable
        If its pixels are not 8-bit RGB or grey.
    """
    if not tiff.is_ome:
        return None
    candidates = [series for series in tiff.series if {"X", "Y"} <= set(series.axes)]
    if not candidates:
        raise SlideUnopenable(path, "it holds no picture; check the file or export it again")
    series = max(candidates, key=lambda one: _size(one).width * _size(one).height)
    described = [image for image in ome_images(tiff.ome_metadata or "") if image.size == _size(series)]
    image = described[0] if described else None
    _refuse_unsuitable(series, image, path)
    return OmePicture(series, None if image is None else image.mpp)


def ome_name(path: Path) -> str:
    """The file's name without its suffixes."""
    return path.stem[:-4] if path.stem.lower().endswith(".ome") else path.stem


def _size(series: TiffPageSeries) -> Size:
    sizes = dict(zip(series.axes, series.shape, strict=True))
    return Size(sizes["X"], sizes["Y"])


def _refuse_unsuitable(series: TiffPageSeries, image: OmeImage | None, path: Path) -> None:
    """Refuse what has no plain RGB meaning, in one sentence."""
    if series.dtype is None or series.dtype.name != "uint8":
        reason = f"its pixels are {series.dtype}, not 8-bit; export it as 8-bit RGB"
        raise SlideUnopenable(path, reason)
    sizes = {axis: length for axis, length in zip(series.axes, series.shape, strict=True) if axis not in "XY"}
    samples, channels = sizes.pop("S", 1), sizes.pop("C", 1)
    if any(length > 1 for length in sizes.values()):
        raise SlideUnopenable(path, "it holds several focal planes or times; export one of them as 8-bit RGB")
    if (samples, channels) in ((1, 1), (3, 1)) or ((samples, channels) == (1, 3) and (image is None or image.primary)):
        return
    names = ", ".join(filter(None, image.channels)) if image is not None else ""
    kind = f"{channels} channels ({names})" if names else f"{samples * channels} channels"
    raise SlideUnopenable(path, f"it holds {kind} that are no RGB, as in fluorescence; export it as 8-bit RGB")
