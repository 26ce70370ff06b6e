"""MIME package: the types of slide files, as the shared MIME database wants them."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from wsiview.desktop.file_types import CLUSTERING, SLIDES, FileType

_NAMESPACE = "http://www.freedesktop.org/standards/shared-mime-info"
_BIG_TIFF = (r"II\x2b\x00\x08\x00", r"MM\x00\x2b\x00\x08")


def mime_package() -> bytes:
    """The package as an XML file.

    The database does not know a BigTIFF by its first bytes, and they alone tell a Leica slide from a game's scene of
    the same suffix; so they are said here too.
    """
    package = Element("mime-info", xmlns=_NAMESPACE)
    for kind in SLIDES:
        _add(package, kind, icon="wsiview-slide")
    _add(package, CLUSTERING, icon="wsiview")
    magic = SubElement(SubElement(package, "mime-type", type="image/tiff"), "magic")
    for value in _BIG_TIFF:
        SubElement(magic, "match", type="string", value=value, offset="0")
    ElementTree.indent(package)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(package, encoding="unicode")}\n'.encode()


def _add(package: Element, kind: FileType, icon: str) -> None:
    entry = SubElement(package, "mime-type", type=kind.name)
    SubElement(entry, "comment").text = kind.comment
    SubElement(entry, "icon", name=icon)
    for suffix in kind.suffixes:
        SubElement(entry, "glob", pattern=f"*{suffix}")
    if kind.parent:
        SubElement(entry, "sub-class-of", type=kind.parent)
