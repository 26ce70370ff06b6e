"""Plain image: pictures that are no slides (PNG, JPEG, TIFF …), opened as slides of one array."""

from __future__ import annotations

import math
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import PIL
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from wsiview.slide.array_slide import ArraySlide
from wsiview.slide.calibration import believable_mpp
from wsiview.slide.color_profile import rgb_profile
from wsiview.slide.ome_tiff import ome_name, ome_picture
from wsiview.slide.slide import Pixels, SlideUnopenable

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp"})
_MOST_PIXELS = 400_000_000
_STRIP = 1024
_EIGHT_BIT = frozenset({"1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr"})
_PILLOW_STATE = threading.Lock()


def open_plain_image(path: Path) -> ArraySlide:
    """Open a picture as a slide; bounded to 400 million pixels.

    Raises
    ------
    SlideUnopenable
        If it is damaged, too large or of a kind without a plain RGB meaning.
    """
    try:
        with _quiet_pillow():
            ome = _open_ome(path) if path.suffix.lower() in (".tif", ".tiff") else None
            return ome if ome is not None else _open_pillow(path)
    except SlideUnopenable:
        raise
    except MemoryError as error:
        raise SlideUnopenable(path, "it needs more memory than there is; convert it to a tiled pyramid") from error
    except UnidentifiedImageError as error:
        raise SlideUnopenable(path, "its format is unknown or damaged; check the file or copy it again") from error
    except Exception as error:  # decoders raise whatever a damaged file makes them stumble over
        reason = f"it is no picture that can be decoded ({_first_line(error, path)}); check the file or copy it again"
        raise SlideUnopenable(path, reason) from error


@contextmanager
def _quiet_pillow() -> Iterator[None]:
    """Pillow without its own pixel limit and warnings, since ours is checked before anything is decoded."""
    with _PILLOW_STATE, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = before


def _open_pillow(path: Path) -> ArraySlide:
    with Image.open(path) as image:
        _check_size(path, image.width, image.height)
        if image.mode not in _EIGHT_BIT:
            raise SlideUnopenable(path, f"its pixels ({image.mode}) have more than 8 bits; convert it to 8-bit RGB")
        turned = ImageOps.exif_transpose(image)
        mpp = _mpp_from_dpi(image.info.get("dpi"))
        if mpp is not None and turned.size != image.size:
            mpp = mpp[1], mpp[0]
        pixels, profile = _rgb(turned), rgb_profile(image.info.get("icc_profile"))
    return ArraySlide(pixels, mpp, path=path, reader=f"pillow {PIL.__version__}", icc_profile=profile)


def _check_size(path: Path, width: int, height: int) -> None:
    if width < 1 or height < 1:
        raise SlideUnopenable(path, f"it is {width} × {height} px large; check the file or copy it again")
    if width * height > _MOST_PIXELS:
        reason = f"{width} × {height} px are too many for a plain image; convert it to a tiled pyramid"
        raise SlideUnopenable(path, reason)


def _rgb(image: Image.Image) -> Pixels:
    """RGB pixels, transparent parts white; strip by strip, since Pillow holds four bytes for each pixel."""
    out = np.empty((image.height, image.width, 3), np.uint8)
    for top in range(0, image.height, _STRIP):
        strip = image.crop((0, top, image.width, min(top + _STRIP, image.height)))
        if strip.has_transparency_data:
            white = Image.new("RGBA", strip.size, (255, 255, 255, 255))
            strip = Image.alpha_composite(white, strip.convert("RGBA"))
        out[top : top + strip.height] = np.asarray(strip.convert("RGB"))
    return out


def _mpp_from_dpi(dpi: object) -> tuple[float, float] | None:
    if not isinstance(dpi, tuple) or len(dpi) != 2:
        return None
    x, y = (float(value) for value in dpi)
    if not (math.isfinite(x) and math.isfinite(y) and x > 0 and y > 0):
        return None
    return believable_mpp((25400 / x, 25400 / y))


def _open_ome(path: Path) -> ArraySlide | None:
    """The largest picture of an OME-TIFF; None for any other TIFF."""
    import tifffile

    try:
        file = tifffile.TiffFile(path)
    except Exception:  # not even a TIFF to tifffile: Pillow shall say what is wrong
        return None
    with file as tiff:
        picture = ome_picture(tiff, path)
        if picture is None:
            return None
        sizes = dict(zip(picture.series.axes, picture.series.shape, strict=True))
        _check_size(path, sizes["X"], sizes["Y"])
        pixels = _planes_to_rgb(picture.series.asarray(), picture.series.axes)
        profile = rgb_profile(picture.icc_profile)
    reader = f"tifffile {tifffile.__version__}"
    return ArraySlide(pixels, picture.mpp, path=path, name=ome_name(path), reader=reader, icc_profile=profile)


def _planes_to_rgb(array: NDArray[np.uint8], axes: str) -> Pixels:
    order = [*(n for n, axis in enumerate(axes) if axis not in "YX")]
    planes = np.moveaxis(array, [axes.index("Y"), axes.index("X"), *order], range(array.ndim))
    planes = planes.reshape(*planes.shape[:2], -1)
    return np.ascontiguousarray(np.broadcast_to(planes, (*planes.shape[:2], 3)))


def _first_line(error: Exception, path: Path) -> str:
    text = str(error).strip().splitlines()
    return text[0].rstrip(".").replace(str(path), path.name) if text else type(error).__name__
