"""File types: which files a desktop should open with wsiview, and what they are called there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileType:
    """One kind of file.

    Parameters
    ----------
    name
        Its MIME type.
    comment
        What people call it.
    suffixes
        How its names end, in small letters, with the leading dot.
    parent
        The MIME type that every such file also is, "" for none.
    """

    name: str
    comment: str
    suffixes: tuple[str, ...]
    parent: str = ""


SLIDES = (
    FileType("image/x-aperio-svs", "Aperio whole-slide image", (".svs",), "image/tiff"),
    FileType("image/x-hamamatsu-ndpi", "Hamamatsu whole-slide image", (".ndpi",), "image/tiff"),
    FileType("image/x-hamamatsu-vms", "Hamamatsu virtual slide", (".vms",), "text/plain"),
    FileType("image/x-hamamatsu-vmu", "Hamamatsu uncompressed virtual slide", (".vmu",), "text/plain"),
    FileType("image/x-leica-scn", "Leica whole-slide image", (".scn",), "image/tiff"),
    FileType("image/x-mirax-mrxs", "MIRAX whole-slide image", (".mrxs",), "image/jpeg"),
    FileType("image/x-sakura-svslide", "Sakura whole-slide image", (".svslide",), "application/vnd.sqlite3"),
    FileType("image/x-ventana-bif", "Ventana whole-slide image", (".bif",), "image/tiff"),
    FileType("image/x-zeiss-czi", "Zeiss whole-slide image", (".czi",)),
    FileType("image/x-ome-tiff", "OME-TIFF image", (".ome.tif", ".ome.tiff", ".ome.btf", ".ome.tf8"), "image/tiff"),
)
CLUSTERING = FileType("application/x-wsiview-clustering", "Clustering of a network's activations", (".clustering",))

SHARED = (
    FileType("image/tiff", "TIFF image", (".tif", ".tiff")),
    FileType("application/dicom", "DICOM image", (".dcm",)),
)
"""Types that other programs open too: wsiview offers itself for them and defines nothing."""
