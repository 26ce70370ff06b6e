"""TIFF tiles: reads and decodes single tiles of a TIFF file, on as many threads as like."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from wsiview.slide.jpeg_tile import UndecodableTile
from wsiview.slide.slide import Pixels
from wsiview.slide.slide_file import SlideFile
from wsiview.slide.tiff_codec import tile_decoder
from wsiview.slide.tiff_layout import TiffLevel

_MOST_EXPANSION, _MOST_HEADER = 4, 1 << 20


class TiffTiles:
    """The tiles of one file.

    Parameters
    ----------
    path
        The file.
    levels
        Where its tiles lie, finest level first.

    Raises
    ------
    UnknownCoding
        If they are coded in a way that is not read.
    OSError
        If the file can't be opened.
    """

    def __init__(self, path: Path, levels: Sequence[TiffLevel]) -> None:
        self.levels = tuple(levels)
        self._decoders = tuple(tile_decoder(level.coding, level.tile) for level in levels)
        self._most_bytes = tuple(
            _MOST_HEADER + _MOST_EXPANSION * 3 * level.tile.width * level.tile.height for level in levels
        )
        self.file = SlideFile(path)

    def tile(self, level: int, col: int, row: int) -> Pixels | None:
        """RGB pixels of a whole tile, also beyond the level's edge, the caller's own; None if the file lacks it.

        Raises
        ------
        UndecodableTile
            If its bytes are not all there, or can't be decoded beyond doubt.
        FileVanished
            If the file can't be reached or was replaced.
        """
        streams = self._streams(level, col, row)
        return None if streams is None else self._decoders[level].rgb(streams)

    def tile_bgra(self, level: int, col: int, row: int, out: Pixels) -> bool:
        """Write a whole tile to `out`, (tile height, tile width, 4); False if the file lacks it, or it takes two steps.

        Raises
        ------
        UndecodableTile, FileVanished
            As of `tile`.
        """
        decode = self._decoders[level].bgra
        streams = None if decode is None else self._streams(level, col, row)
        if decode is None or streams is None:
            return False
        decode(streams[0], out)
        return True

    def close(self) -> None:
        """Let go of the file."""
        self.file.close()

    def _streams(self, level: int, col: int, row: int) -> list[bytes] | None:
        """The bytes of a tile's planes; None if the file lacks it."""
        layout, most = self.levels[level], self._most_bytes[level]
        counts = layout.counts[row, col].tolist()
        if 0 in counts:
            return None
        offsets = layout.offsets[row, col].tolist()
        return [self._stream(offset, count, most) for offset, count in zip(offsets, counts, strict=True)]

    def _stream(self, offset: int, count: int, most: int) -> bytes:
        if count > most:
            raise UndecodableTile(f"it is said to take {count} bytes")
        try:
            stream = self.file.read(offset, count)
        except (OSError, OverflowError, ValueError) as error:
            raise UndecodableTile(f"the disk can't read it ({error})") from error
        if len(stream) < count:
            raise UndecodableTile("the file ends before it")
        return stream
