"""Colour profile: which embedded ICC profile describes the RGB pixels that a reader hands out."""

from __future__ import annotations

_SPACE = slice(16, 20)
_SIGNATURE = slice(36, 40)
_MOST_BYTES = 16 << 20


def rgb_profile(profile: object) -> bytes | None:
    """The profile's bytes if it is an ICC profile of RGB pixels, else None.

    A profile of grey or CMYK data says nothing about the RGB that such pixels were turned into.
    """
    if not isinstance(profile, bytes) or not 128 < len(profile) <= _MOST_BYTES:
        return None
    return profile if profile[_SPACE] == b"RGB " and profile[_SIGNATURE] == b"acsp" else None
