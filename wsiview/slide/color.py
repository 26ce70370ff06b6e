"""Colour: what a slide's ICC profile makes of its pixels on an sRGB screen; networks never see it.

Relative colorimetric with black point compensation: glass becomes the screen's white, the darkest nucleus its black,
and every colour between that the screen can show is the one that the scanner saw. A perceptual intent would leave that
to whatever table the scanner's maker has put into the profile.
"""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from wsiview.slide.slide import Pixels, Slide
from wsiview.slide.wrapped_slide import WrappedSlide

MEANING = "relative colorimetric with black point compensation, to sRGB"
_QUICK = ImageCms.Flags.BLACKPOINTCOMPENSATION | ImageCms.Flags.NOCACHE  # with a cache, threads could not share it
_EXACT = _QUICK | ImageCms.Flags.NOOPTIMIZE
_MOST_ERROR = 1  # grey value
_TRIED = np.linspace(0, 255, 24).round().astype(np.uint8)
_KEPT = 3  # transforms of profiles used lately, each up to 64 MiB
_SHIFTS = np.array([16, 8, 0], np.uint32)


class SrgbTransform:
    """Pixels of one profile to sRGB, from any thread, never more than one grey value from exact.

    The colour engine's quick way is taken where it is as good as that. Where a profile holds tables it errs by five
    and more; there each colour is worked out exactly when it is first met, and remembered.

    Attributes
    ----------
    fault
        Why the profile can't be used, as the middle of a sentence; empty where it can.
    """

    def __init__(self, profile: bytes) -> None:
        """Read the profile; a few milliseconds, up to a tenth of a second where it holds tables."""
        self.fault = ""
        self._transform: ImageCms.ImageCmsTransform | None = None
        # Little-endian R, G, B, 255 by colour; 0 where it was not met yet. The system gives memory as it is written to.
        self._known: NDArray[np.uint32] | None = None
        try:
            quick, exact = (_transform(profile, flags) for flags in (_QUICK, _EXACT))
            is_good = _largest_difference(quick, exact) <= _MOST_ERROR
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError) as error:
            self.fault = str(error).strip().rstrip(".") or type(error).__name__
            return
        self._transform = quick if is_good else exact
        self._known = None if is_good else np.zeros(1 << 24, "<u4")

    def apply(self, pixels: Pixels) -> Pixels:
        """The same (height, width, 3) uint8 in sRGB; with a faulty profile as they are."""
        if self._transform is None:
            return pixels
        if self._known is None:
            return _applied(self._transform, pixels)
        return _remembered(pixels, self._transform, self._known)


def _transform(profile: bytes, flags: ImageCms.Flags) -> ImageCms.ImageCmsTransform:
    source, screen = ImageCms.getOpenProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
    return ImageCms.buildTransform(source, screen, "RGB", "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC, flags)


def _applied(transform: ImageCms.ImageCmsTransform, pixels: Pixels) -> Pixels:
    return np.array(transform.apply(Image.fromarray(pixels)))


def _remembered(pixels: Pixels, transform: ImageCms.ImageCmsTransform, known: NDArray[np.uint32]) -> Pixels:
    """Each colour from the table of those met before, which is added to."""
    wide = pixels.astype(np.uint32)
    colors = wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]
    found = known[colors]
    unmet = found == 0
    if unmet.any():
        # Two threads may work out the same colour, and come to the same.
        new = np.unique(colors[unmet])
        row = (new[None, :, None] >> _SHIFTS & 255).astype(np.uint8)  # a single row, since each has its cost
        done = _applied(transform, row)[0].astype(np.uint32)
        known[new] = done[:, 0] | done[:, 1] << 8 | done[:, 2] << 16 | 255 << 24
        found[unmet] = known[colors[unmet]]
    return np.ascontiguousarray(found[..., None].view(np.uint8)[..., :3])


def _largest_difference(one: ImageCms.ImageCmsTransform, other: ImageCms.ImageCmsTransform) -> int:
    """Over colours spread evenly, in grey values."""
    grid = np.stack(np.meshgrid(_TRIED, _TRIED, _TRIED, indexing="ij"), -1).reshape(1, -1, 3)
    return int(np.abs(_applied(one, grid).astype(int) - _applied(other, grid)).max())


@lru_cache(maxsize=_KEPT)
def srgb_transform(profile: bytes) -> SrgbTransform:
    """The transform of a profile, made once."""
    return SrgbTransform(profile)


class ColoredSlide(WrappedSlide):
    """A slide in the colours of its ICC profile, for looking only; associated pictures have none.

    Parameters
    ----------
    inner
        The slide as its file has it.
    transform
        Of its profile.
    """

    def __init__(self, inner: Slide, transform: SrgbTransform) -> None:
        """Give what was not scanned the colour that it has within tiles."""
        super().__init__(inner)
        self._transform = transform
        red, green, blue = transform.apply(np.array([[inner.background]], np.uint8))[0, 0].tolist()
        self.background = red, green, blue

    def read(self, level: int, x: int, y: int, width: int, height: int) -> Pixels:
        """Pixels of one level in sRGB, see `Slide.read`."""
        return self._transform.apply(self.inner.read(level, x, y, width, height))
