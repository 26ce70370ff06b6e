"""OpenSlide reader: slides through OpenSlide; the only module that imports it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import openslide
from PIL import Image

from wsiview.geometry import Region, Size
from wsiview.slide.calibration import believable_mpp
from wsiview.slide.color_profile import rgb_profile
from wsiview.slide.fingerprint import slide_files, slide_fingerprint
from wsiview.slide.pyramid import level_downsamples
from wsiview.slide.slide import Pixels, SlideUnopenable, SlideVanished, TileUnreadable

_DEFAULT_TILE = Size(256, 256)
_SEARCH = 48  # pixels before a rectangle that may be read too, to start where a whole level-0 position is
_UNKNOWN = "its format is unknown or damaged; check the file or copy it again"
_GONE = "the file can't be reached any more; check the disk or network connection"


def reads(path: Path) -> str | None:
    """The vendor under which OpenSlide would read the file, None if it wouldn't."""
    try:
        return openslide.OpenSlide.detect_format(str(path))
    except openslide.OpenSlideError:
        return "damaged"


class OpenSlideReader:
    """A slide that OpenSlide reads.

    An OpenSlide handle that has met one bad tile fails for ever, for every thread. So a failed read is tried again
    on a handle of its own, which alone decides whether the rectangle is bad, and the shared handle is replaced.

    Parameters
    ----------
    file
        The file that OpenSlide opens.
    path
        What the user opened, where that differs (the folder of a DICOM series).

    Raises
    ------
    SlideUnopenable
        If OpenSlide refuses the file.
    """

    def __init__(self, file: Path, path: Path | None = None) -> None:
        self._file = file
        self.path = file if path is None else path
        self.name = self.path.name if self.path.is_dir() else self.path.stem
        self.reader = f"openslide {openslide.__library_version__}"
        self._lock = threading.Lock()
        self._generation = 0
        self._handle: openslide.OpenSlide | None = self._open()
        try:
            self._describe(self._handle)
        except openslide.OpenSlideError as error:
            raise SlideUnopenable(self.path, _sentence(error, self._file)) from error

    def _open(self) -> openslide.OpenSlide:
        try:
            return openslide.OpenSlide(str(self._file))
        except openslide.OpenSlideUnsupportedFormatError as error:
            raise SlideUnopenable(self.path, _UNKNOWN) from error
        except openslide.OpenSlideError as error:
            raise SlideUnopenable(self.path, _sentence(error, self._file)) from error

    def _describe(self, handle: openslide.OpenSlide) -> None:
        # Names that are no UTF-8 come out changed, and nothing is found under them.
        found = {name: handle.properties.get(name) for name in handle.properties}
        properties = {name: value for name, value in found.items() if value is not None}
        self.vendor = properties.get(openslide.PROPERTY_NAME_VENDOR, "unknown")
        self.level_dimensions = tuple(Size(*size) for size in handle.level_dimensions)
        self.level_downsamples = level_downsamples(self.level_dimensions)
        self._addressing = tuple(handle.level_downsamples)
        self.level_tiles = tuple(_tile(properties, level) for level in range(len(self.level_dimensions)))
        self.mpp = believable_mpp(
            (
                _number(properties, openslide.PROPERTY_NAME_MPP_X),
                _number(properties, openslide.PROPERTY_NAME_MPP_Y),
            )
        )
        self.bounds = _bounds(properties, self.dimensions)
        self.background = _background(properties)
        self.associated = tuple(sorted(handle.associated_images))
        # OpenSlide hands the profile's own bytes out beside pixels only; an empty region decodes none.
        self.icc_profile = rgb_profile(handle.read_region((0, 0), 0, (0, 0)).info.get("icc_profile"))

    @property
    def dimensions(self) -> Size:
        """The size of level 0."""
        return self.level_dimensions[0]

    @cached_property
    def fingerprint(self) -> str:
        """Over all files of the slide."""
        try:
            return slide_fingerprint(slide_files(self._file), self.dimensions, self.level_dimensions)
        except OSError as error:
            size = self.dimensions
            raise SlideVanished(self.path, 0, 0, 0, size.width, size.height, _GONE) from error

    def read(self, level: int, x: int, y: int, width: int, height: int) -> Pixels:
        """Pixels of one level, see `Slide.read`."""
        size = self.level_dimensions[level]
        left, top, right, bottom = max(x, 0), max(y, 0), min(x + width, size.width), min(y + height, size.height)
        if right <= left or bottom <= top:
            return np.full((height, width, 3), self.background, np.uint8)
        inside = self._read_inside(level, left, top, right - left, bottom - top)
        if inside.shape[:2] == (height, width):
            return inside
        out = np.full((height, width, 3), self.background, np.uint8)
        out[top - y : bottom - y, left - x : right - x] = inside
        return out

    def gives_stored(self, level: int, x: int, y: int) -> bool:
        """Whether a rectangle from here on has the file's own pixels, not such as OpenSlide blends of neighbours."""
        downsample = self._addressing[level]
        return all(round(at * downsample) / downsample == at for at in (x, y))

    def _read_inside(self, level: int, x: int, y: int, width: int, height: int) -> Pixels:
        with self._lock:
            handle, generation = self._handle, self._generation
        if handle is None:
            raise TileUnreadable(self.path, level, x, y, width, height, "the slide was closed; open it again")
        try:
            image = self._region(handle, level, x, y, width, height)
        except openslide.OpenSlideError:
            image = self._read_alone(generation, level, x, y, width, height)
        return _composite(image, self.background)

    def _region(
        self, handle: openslide.OpenSlide, level: int, x: int, y: int, width: int, height: int
    ) -> Image.Image:
        # OpenSlide divides the level-0 position by its own downsample, so that number, not the true one, finds pixels.
        downsample = self._addressing[level]
        left, top = _addressable(x, downsample), _addressable(y, downsample)
        size = width + x - left, height + y - top
        image = handle.read_region((round(left * downsample), round(top * downsample)), level, size)
        return image if (left, top) == (x, y) else image.crop((x - left, y - top, *size))

    def _read_alone(self, failed: int, level: int, x: int, y: int, width: int, height: int) -> Image.Image:
        """Read on a handle that no other thread uses, after the shared handle of generation `failed` gave an error."""
        place = (self.path, level, x, y, width, height)
        try:
            self._replace(failed)
            alone = self._open()
        except (SlideUnopenable, OSError) as error:
            if not self._file.exists():
                raise SlideVanished(*place, _GONE) from error
            raise TileUnreadable(*place, f"the file can't be opened again ({error}); copy it again") from error
        with alone:
            try:
                return self._region(alone, level, x, y, width, height)
            except openslide.OpenSlideError as error:
                if not self._file.exists():
                    raise SlideVanished(*place, _GONE) from error
                reason = f"the data there is damaged ({_plain(error, self._file)}); copy or scan the slide again"
                raise TileUnreadable(*place, reason) from error

    def _replace(self, failed: int) -> None:
        """Put a fresh handle in the place of the shared one, unless another thread already did."""
        with self._lock:
            if self._generation == failed and self._handle is not None:
                # The old handle is not closed here: threads that still read from it hold it, the last one frees it.
                self._handle = self._open()
                self._generation += 1

    def read_associated(self, name: str) -> Pixels:
        """One of the associated pictures, (height, width, 3) uint8 RGB."""
        if name not in self.associated:
            raise KeyError(name)
        try:
            with self._open() as handle:
                return _composite(handle.associated_images[name], self.background)
        except openslide.OpenSlideError as error:
            why = _plain(error, self._file)
            reason = f"its picture {name!r} is damaged ({why}); the slide itself may still be sound"
            raise TileUnreadable(self.path, 0, 0, 0, 0, 0, reason) from error

    def close(self) -> None:
        """Let go of the file; threads that are reading finish first."""
        with self._lock:
            self._handle = None

    def __enter__(self) -> Self:
        """Use as a context manager."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()


def _addressable(start: int, downsample: float) -> int:
    """The pixel at or a little before `start` that a whole level-0 position hits best.

    Positions reach OpenSlide as whole level-0 pixels; between pixels of a level it interpolates, which would shift
    and blur what is stored there by up to half a level-0 pixel.
    """
    candidates = range(start, max(0, start - _SEARCH) - 1, -1)
    return min(candidates, key=lambda at: round(abs(at - round(at * downsample) / downsample), 3))


def _plain(error: Exception, file: Path) -> str:
    """What OpenSlide says, without the folders that lead to the file."""
    return str(error).strip().rstrip(".").replace(str(file), file.name)


def _sentence(error: Exception, file: Path) -> str:
    return f"OpenSlide refuses it ({_plain(error, file)}); check the file or copy it again"


def _number(properties: Mapping[str, str], name: str) -> float | None:
    try:
        return float(properties[name])
    except (KeyError, ValueError):
        return None


def _tile(properties: Mapping[str, str], level: int) -> Size:
    width = _number(properties, f"openslide.level[{level}].tile-width")
    height = _number(properties, f"openslide.level[{level}].tile-height")
    # Strips as wide as the slide and other extremes are no size to read in.
    if width is None or height is None or not (64 <= width <= 2048 and 64 <= height <= 2048):
        return _DEFAULT_TILE
    return Size(int(width), int(height))


def _bounds(properties: Mapping[str, str], dimensions: Size) -> Region | None:
    names = (
        openslide.PROPERTY_NAME_BOUNDS_X,
        openslide.PROPERTY_NAME_BOUNDS_Y,
        openslide.PROPERTY_NAME_BOUNDS_WIDTH,
        openslide.PROPERTY_NAME_BOUNDS_HEIGHT,
    )
    x, y, width, height = (_number(properties, name) for name in names)
    if x is None or y is None or not width or not height:
        return None
    return Region(x, y, width, height).intersection(Region(0, 0, dimensions.width, dimensions.height))


def _background(properties: Mapping[str, str]) -> tuple[int, int, int]:
    text = properties.get(openslide.PROPERTY_NAME_BACKGROUND_COLOR, "")
    try:
        red, green, blue = bytes.fromhex(text)
    except ValueError:
        return 255, 255, 255
    return red, green, blue


def _composite(image: Image.Image, background: tuple[int, int, int]) -> Pixels:
    """RGB over the background colour; `image` is straight (not premultiplied) RGBA, as openslide-python gives it."""
    rgba = np.asarray(image)
    alpha = rgba[:, :, 3]
    if int(alpha.min()) == 255:
        return np.ascontiguousarray(rgba[:, :, :3])
    share = alpha[:, :, None].astype(np.float32) / 255
    mixed = rgba[:, :, :3] * share + np.asarray(background, np.float32) * (1 - share)
    return np.rint(mixed).astype(np.uint8)
