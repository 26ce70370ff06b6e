"""TIFF opening: decides which TIFF files are read directly, and with whose words they are described."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from wsiview.slide.calibration import believable_mpp
from wsiview.slide.color_profile import rgb_profile
from wsiview.slide.ome_tiff import OmePicture, ome_name, ome_picture
from wsiview.slide.openslide_reader import OpenSlideReader
from wsiview.slide.slide import SlideUnopenable, SlideVanished
from wsiview.slide.slide_file import FileVanished
from wsiview.slide.tiff_check import difference
from wsiview.slide.tiff_codec import UnknownCoding
from wsiview.slide.tiff_layout import TiffLevel, UnknownLayout, levels_of_sizes, opened_tiff, own_levels
from wsiview.slide.tiff_reader import TiffFacts, TiffReader
from wsiview.slide.tiff_tiles import TiffTiles

if TYPE_CHECKING:
    from tifffile import TiffFile

_FAMILIES = frozenset({"aperio", "generic-tiff", "leica", "philips", "trestle", "ventana"})
_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_SUFFIXES = frozenset({".tif", ".tiff", ".btf", ".tf8"})
_MICRONS = {2: 25400.0, 3: 10000.0}  # of TIFF's units, inch and centimetre

_log = logging.getLogger(__name__)


def open_beside(openslide: OpenSlideReader, file: Path, *, compared: bool = False) -> TiffReader | None:
    """The direct reader of a slide that OpenSlide opened, if both show the same; a line in the log says why not.

    Where that is known already, `compared`, they are not compared again.

    Raises
    ------
    SlideUnopenable
        If it is an OME-TIFF whose pixels have no RGB meaning, of which OpenSlide would show one channel as grey.
    """
    if openslide.vendor not in _FAMILIES:
        return None
    try:
        with opened_tiff(file) as tiff:
            ome = ome_picture(tiff, openslide.path) if openslide.vendor == "generic-tiff" else None
            levels = ome.levels() if ome else levels_of_sizes(tiff, openslide.level_dimensions, openslide.vendor)
        tiles = TiffTiles(file, levels)
        judged = _judged(openslide, levels) if ome else len(levels)
        why = None if compared and not ome else difference(tiles, openslide, judged)
        if why is not None and ome and _only_takes_ycbcr_for_rgb(openslide, file, levels):
            _log.info("OpenSlide shows %s in wrong colours: it takes the YCbCr of its JPEG tiles for RGB", file.name)
            why, judged = None, 0
    except (UnknownLayout, UnknownCoding, FileVanished, SlideVanished, OSError) as error:
        why = str(error)
    if why is not None:
        _log.info("%s is read through OpenSlide, not directly: %s", file.name, why)
        return None
    facts = TiffFacts(
        path=openslide.path,
        name=openslide.name,
        vendor=openslide.vendor,
        mpp=(ome.mpp if ome else None) or (openslide.mpp if judged else None),
        icc_profile=openslide.icc_profile,
        bounds=openslide.bounds if judged else None,
        background=openslide.background,
        associated=openslide.associated,
    )
    return TiffReader(file, tiles, facts, openslide, judged)


def open_alone(file: Path) -> TiffReader | None:
    """A slide in a tiled TIFF that OpenSlide doesn't open: an OME-TIFF or one of no family; None for anything else.

    Raises
    ------
    SlideUnopenable
        If it is an OME-TIFF without RGB pixels, or not all there.
    """
    with file.open("rb") as stream:
        if stream.read(4) not in _MAGIC:
            return None
    try:
        with opened_tiff(file) as tiff:
            ome = ome_picture(tiff, file)
            if ome is None and file.suffix.lower() not in _SUFFIXES:
                return None
            levels = ome.levels() if ome else own_levels(tiff)
            facts = _own_facts(file, tiff, ome)
        tiles = TiffTiles(file, levels)
    except (UnknownLayout, UnknownCoding, OSError) as error:
        _log.info("%s is not read directly: %s", file.name, error)
        return None
    if any(int((level.offsets + level.counts).max()) > tiles.file.size for level in levels):
        raise SlideUnopenable(file, "it ends before its last pixels; copy it again")
    return TiffReader(file, tiles, facts, None, 0)


def _judged(openslide: OpenSlideReader, levels: tuple[TiffLevel, ...]) -> int:
    """How many levels of an OME-TIFF OpenSlide shows: it knows no further ones, nor what colour a plane is of."""
    finest = levels[0]
    return int(finest.size == openslide.dimensions and finest.coding.planes == 1)


def _only_takes_ycbcr_for_rgb(openslide: OpenSlideReader, file: Path, levels: tuple[TiffLevel, ...]) -> bool:
    """Whether OpenSlide would be right if the tiles were RGB as the photometric tag says; their streams say YCbCr."""
    if levels[0].coding.colour != "jfif":
        return False
    as_tagged = replace(levels[0], coding=replace(levels[0].coding, colour="rgb"))
    return difference(TiffTiles(file, (as_tagged,)), openslide, 1) is None


def _own_facts(file: Path, tiff: TiffFile, ome: OmePicture | None) -> TiffFacts:
    if ome:
        return TiffFacts(file, ome_name(file), "ome-tiff", ome.mpp, rgb_profile(ome.icc_profile))
    page = tiff.pages.first
    micrometres = _MICRONS.get(int(page.resolutionunit), 0.0)
    x, y = (micrometres / resolution if resolution > 0 else None for resolution in page.resolution)
    return TiffFacts(file, file.stem, "generic-tiff", believable_mpp((x, y)), rgb_profile(page.iccprofile))
