"""Built slide: a slide with the levels that its file lacks, for looking only; maps are made of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from wsiview.geometry import Size
from wsiview.slide.level_building import CHUNK, PENDING, filled, reduced
from wsiview.slide.level_file import TILE, LevelFile, LevelFileDamaged, LevelFileWriter
from wsiview.slide.missing_levels import STEP, MissingLevel
from wsiview.slide.screen_reader import ScreenReader
from wsiview.slide.slide import Pixels, Slide, TileUnreadable
from wsiview.slide.wrapped_slide import Unreadable, WrappedSlide


class BuiltSlide(WrappedSlide):
    """All levels of a slide, the file's own and those built, finest first.

    Parameters
    ----------
    inner
        The slide as its file has it.
    missing, levels
        What was built, and the file that holds it; or what is being built. What is not there yet is made on the spot
        where that is quick, and grey elsewhere.
    unreadable
        What could not be read when they were built, of the file's own levels as `inner` counts them.
    on_damage
        Called once, on the thread that reads, if the built levels turn out damaged; they are then of no more use.
    """

    def __init__(
        self,
        inner: Slide,
        missing: Sequence[MissingLevel],
        levels: LevelFile | LevelFileWriter,
        unreadable: Sequence[Unreadable] = (),
        on_damage: Callable[[], None] = lambda: None,
    ) -> None:
        """Sort the levels."""
        super().__init__(inner)
        self._levels, self._missing, self._on_damage = levels, tuple(missing), on_damage
        sizes = inner.level_dimensions
        own = [(inner.level_downsamples[n], size, inner.level_tiles[n], True, n) for n, size in enumerate(sizes)]
        square = Size(TILE, TILE)
        built = [(level.downsample, level.size, square, False, n) for n, level in enumerate(missing)]
        order = sorted([*own, *built], key=lambda entry: entry[0])
        self.level_downsamples, self.level_dimensions, self.level_tiles, self._is_own, self._index = zip(
            *order, strict=True
        )
        self.built_levels = frozenset(level for level, is_own in enumerate(self._is_own) if not is_own)
        places = {index: level for level, (*_, is_own, index) in enumerate(order) if is_own}
        self.unreadable = tuple(replace(part, level=places[part.level]) for part in unreadable)

    def read(self, level: int, x: int, y: int, width: int, height: int) -> Pixels:
        """Pixels of one level, see `Slide.read`."""
        if self._is_own[level]:
            return self.inner.read(self._index[level], x, y, width, height)
        out = filled(height, width, self.background)
        for row, col in self._tiles_in(level, x, y, width, height):
            tile = self._tile(level, row, col)
            left, top = col * TILE, row * TILE
            x0, x1 = max(left, x), min(left + tile.shape[1], x + width)
            y0, y1 = max(top, y), min(top + tile.shape[0], y + height)
            out[y0 - y : y1 - y, x0 - x : x1 - x] = tile[y0 - top : y1 - top, x0 - left : x1 - left]
        return out

    def read_bgra(self, level: int, x: int, y: int, width: int, height: int, out: Pixels) -> bool:
        """Pixels of a level of the file's own for a screen, see `ScreenReader.read_bgra`."""
        inner = self.inner
        if not self._is_own[level] or not isinstance(inner, ScreenReader):
            return False
        return inner.read_bgra(self._index[level], x, y, width, height, out)

    def is_whole(self, level: int, x: int, y: int, width: int, height: int) -> bool:
        """Whether all of a rectangle is built by now, or can be made on the spot."""
        index = self._index[level]
        if self._is_own[level] or self._missing[index].factor == STEP:
            return True
        tiles = self._tiles_in(level, x, y, width, height)
        return all(self._levels.is_finished(index, row, col) for row, col in tiles)

    def _tiles_in(self, level: int, x: int, y: int, width: int, height: int) -> list[tuple[int, int]]:
        size = self.level_dimensions[level]
        rows = range(max(0, y) // TILE, -(-min(y + height, size.height) // TILE))
        cols = range(max(0, x) // TILE, -(-min(x + width, size.width) // TILE))
        return [(row, col) for row in rows for col in cols]

    def _tile(self, level: int, row: int, col: int) -> Pixels:
        index = self._index[level]
        try:
            tile = self._levels.tile(index, row, col)
        except LevelFileDamaged as error:
            on_damage, self._on_damage = self._on_damage, lambda: None
            on_damage()
            reason = "the overview that was kept is damaged; it is made again"
            raise TileUnreadable(self.path, level, col * TILE, row * TILE, TILE, TILE, reason) from error
        return self._stand_in(self._missing[index], row, col) if tile is None else tile

    def _stand_in(self, level: MissingLevel, row: int, col: int) -> Pixels:
        if level.factor > STEP:
            return filled(min(TILE, level.size.height - row * TILE), min(TILE, level.size.width - col * TILE), PENDING)
        x, y, size = col * CHUNK, row * CHUNK, self.inner.level_dimensions[level.source]
        width, height = min(CHUNK, size.width - x), min(CHUNK, size.height - y)
        return reduced(self.inner.read(level.source, x, y, width, height))
