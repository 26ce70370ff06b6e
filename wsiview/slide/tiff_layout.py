"""TIFF layout: where the tiles of each level lie in a TIFF file and how they are coded; read once, at opening."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from wsiview.errors import SlideError
from wsiview.geometry import Size
from wsiview.slide.tiff_codec import APERIO_RGB, APERIO_YCBCR, JPEG, RGB, Coding

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffFrame, TiffPage

_MOST_PAGES = 256
_MOST_TILE_PIXELS = 2048 * 2048
_MOST_TILES = 1 << 24
_REDUCED = 1
_CONTIGUOUS, _SEPARATE = 1, 2

# Damaged files make tifffile log one line after another to the terminal; the errors raised here say what matters.
logging.getLogger("tifffile").addHandler(logging.NullHandler())


class UnknownLayout(Exception):
    """A file whose tiles are not found or not read directly; its text says why."""


@dataclass(frozen=True, eq=False, slots=True)
class TiffLevel:
    """One level as the file holds it.

    Attributes
    ----------
    size
        Of the level; its tiles may cover more.
    tile
        The size of every tile, also of those that the level's edge cuts.
    offsets, counts
        Where each tile's bytes begin and how many they are, uint64 (rows, columns, planes); 0 bytes are a missing tile.
    """

    size: Size
    tile: Size
    coding: Coding
    offsets: NDArray[np.uint64]
    counts: NDArray[np.uint64]


@contextmanager
def opened_tiff(path: Path) -> Iterator[TiffFile]:
    """The file as tifffile sees it.

    Raises
    ------
    UnknownLayout
        If it is no sound TIFF, also for whatever tifffile stumbles over in the block.
    """
    import tifffile

    try:
        with tifffile.TiffFile(path) as tiff:
            yield tiff
    except (UnknownLayout, SlideError, MemoryError):
        raise
    except OSError as error:
        raise UnknownLayout(f"it can't be read ({error.strerror or error})") from error
    except Exception as error:  # tifffile raises whatever a damaged file makes it stumble over
        raise UnknownLayout(f"its directories are damaged ({type(error).__name__})") from error


def levels_of_sizes(tiff: TiffFile, sizes: Sequence[Size], vendor: str) -> tuple[TiffLevel, ...]:
    """The levels whose sizes OpenSlide found, finest first, for a file of the family `vendor`.

    Raises
    ------
    UnknownLayout
        If the file holds no tiles of these sizes, or such as are not read directly.
    """
    pages = tiled_pages(tiff)
    levels = []
    for size in sizes:
        page = next((page for page in pages if _holds(page, size, vendor)), None)
        if page is None:
            raise UnknownLayout(f"it holds no tiled picture of {size.width} × {size.height} px")
        pages.remove(page)
        levels.append(level_of([page], size, vendor))
    return tuple(levels)


def own_levels(tiff: TiffFile) -> tuple[TiffLevel, ...]:
    """The pyramid of a file without a family: its first picture and what is marked as smaller ones of it.

    Raises
    ------
    UnknownLayout
        If the first picture has no tiles, or such as are not read directly.
    """
    pages = tiled_pages(tiff)
    if not pages or pages[0].index != 0:
        raise UnknownLayout("its first picture has no tiles")
    first, *others = pages
    smaller = [page for page in others if page.subfiletype & _REDUCED and page.imagewidth < first.imagewidth]
    pages = [first, *sorted(smaller, key=lambda page: -page.imagewidth)]
    return tuple(level_of([page], Size(page.imagewidth, page.imagelength), "") for page in pages)


def tiled_pages(tiff: TiffFile) -> list[TiffPage]:
    """The directories that hold tiles, in the file's order; unreasonably many are refused."""
    if len(tiff.pages) > _MOST_PAGES:
        raise UnknownLayout(f"it holds {len(tiff.pages)} pictures")
    pages = (page.aspage() for page in tiff.pages)
    return [page for page in pages if page.is_tiled]


def level_of(pages: Sequence[TiffPage | TiffFrame], size: Size, vendor: str) -> TiffLevel:
    """A level from its directory, or from three that hold red, green and blue.

    Raises
    ------
    UnknownLayout
        If its tiles are not read directly.
    """
    page = pages[0].keyframe
    if page is None or any(part.parent.filehandle.path != page.parent.filehandle.path for part in pages):
        raise UnknownLayout("its parts lie in several files")
    tile = Size(page.tilewidth, page.tilelength)
    if tile.width < 1 or tile.height < 1 or tile.width * tile.height > _MOST_TILE_PIXELS:
        raise UnknownLayout(f"its tiles have {tile.width} × {tile.height} px")
    if page.imagedepth != 1 or page.fillorder != 1 or page.bitspersample != 8 or page.sampleformat != 1:
        raise UnknownLayout(f"its pixels have {page.bitspersample} bits or are no plain bytes")
    separate = len(pages) > 1 or (page.planarconfig == _SEPARATE and page.samplesperpixel > 1)
    planes, samples = (len(pages) * page.samplesperpixel, 1) if separate else (1, page.samplesperpixel)
    if (planes, samples) not in ((1, 1), (1, 3), (3, 1)) or page.extrasamples:
        raise UnknownLayout(f"its pixels have {planes * samples} samples")
    columns, rows = -(-page.imagewidth // tile.width), -(-page.imagelength // tile.height)
    if not 0 < columns * rows * planes <= _MOST_TILES:
        raise UnknownLayout(f"it holds {columns * rows * planes} tiles")
    tables = [
        np.concatenate([np.asarray(getattr(part, name), np.uint64) for part in pages])
        for name in ("dataoffsets", "databytecounts")
    ]
    if any(table.size != columns * rows * planes for table in tables):
        raise UnknownLayout("its tables of tiles have other sizes than its picture")
    offsets, counts = (
        np.ascontiguousarray(table.reshape(planes, rows, columns).transpose(1, 2, 0)) for table in tables
    )
    return TiffLevel(size, tile, _coding(page, planes, samples, vendor), offsets, counts)


def _coding(page: TiffPage, planes: int, samples: int, vendor: str) -> Coding:
    compression, photometric = int(page.compression), int(page.photometric)
    coding = Coding(compression, photometric, int(page.predictor), planes, samples, page.jpegtables)
    if vendor == "aperio" and compression in (APERIO_YCBCR, APERIO_RGB):
        # Aperio's numbers tell the colours, whatever the photometric tag says.
        return replace(coding, colour="ycbcr" if compression == APERIO_YCBCR else "rgb")
    if not vendor and compression == JPEG and photometric == RGB and samples == 3:
        # Aperio means it when it says RGB; others store the YCbCr of an ordinary JPEG file.
        return replace(coding, colour="jfif")
    return coding


def _holds(page: TiffPage, size: Size, vendor: str) -> bool:
    width, height = size.width, size.height
    if vendor == "philips":
        # Its directories give the size of all tiles together.
        width, height = (-(-side // tile) * tile for side, tile in ((width, page.tilewidth), (height, page.tilelength)))
    return (page.imagewidth, page.imagelength) in ((width, height), (size.width, size.height))
