"""OME-XML: what an OME-TIFF says of the size of its pixels and of its channels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree import ElementTree

from wsiview.geometry import Size
from wsiview.slide.calibration import believable_mpp

_MICRONS = {
    "µm": 1.0, "μm": 1.0, "um": 1.0, "pm": 1e-6, "Å": 1e-4, "nm": 1e-3, "mm": 1e3, "cm": 1e4, "m": 1e6, "in": 25400.0,
}  # fmt: skip
_STAINED = ("Fluor", "EmissionWavelength", "ExcitationWavelength")
_PRIMARIES = (("red", "green", "blue"), ("r", "g", "b"), ("", "", ""))


@dataclass(frozen=True, slots=True)
class OmeImage:
    """One picture of the file.

    Attributes
    ----------
    mpp
        µm per pixel, (x, y), where both are given and can be believed.
    channels
        Their names, "" where they have none.
    primary
        Whether three channels are red, green and blue rather than stains of their own.
    """

    size: Size
    mpp: tuple[float, float] | None
    channels: tuple[str, ...]
    primary: bool


def ome_images(text: str) -> tuple[OmeImage, ...]:
    """The pictures that OME-XML describes; none if it is no sound XML."""
    # Entities are how XML grows without bound; OME-XML has no use for them.
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        return ()
    try:
        root = ElementTree.fromstring(text)
        return tuple(_image(node) for node in root.iter() if _name(node) == "Pixels")
    except (ElementTree.ParseError, KeyError, ValueError):
        return ()


def _image(pixels: ElementTree.Element) -> OmeImage:
    channels = [node for node in pixels if _name(node) == "Channel"]
    names = tuple(node.attrib.get("Name", "") for node in channels)
    plain = tuple(name.strip().lower() for name in names) in _PRIMARIES
    stained = any(key in node.attrib for node in channels for key in _STAINED)
    size = Size(int(pixels.attrib["SizeX"]), int(pixels.attrib["SizeY"]))
    return OmeImage(size, _mpp(pixels.attrib), names, plain and not stained)


def _mpp(attributes: Mapping[str, str]) -> tuple[float, float] | None:
    try:
        x, y = (
            float(attributes[f"PhysicalSize{axis}"]) * _MICRONS[attributes.get(f"PhysicalSize{axis}Unit", "µm")]
            for axis in "XY"
        )
    except (KeyError, ValueError):
        return None
    return believable_mpp((x, y))


def _name(node: ElementTree.Element) -> str:
    return node.tag.rpartition("}")[2]
