"""Trial: opens one file and reads a tile of each level, in a process that a hostile file may kill.

Run as `python -m wsiview.slide.trial FILE`; status 0 if the file opens, 3 with a JSON reason on stdout if refused.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

from wsiview.slide.opening import REFUSED, open_slide
from wsiview.slide.slide import Slide, SlideUnopenable, TileUnreadable

_MOST_MEMORY = 4 << 30


def main(path: Path, use: Callable[[Slide], None] = lambda slide: None) -> int:
    """Try the file, and use it once it is found harmless; the exit status says what became of it."""
    _limit_memory()
    try:
        with open_slide(path) as slide:
            for level in range(len(slide.level_dimensions)):
                _try_tile(slide, level)
            use(slide)
    except SlideUnopenable as refused:
        print(json.dumps({"reason": refused.reason}))
        return REFUSED
    except MemoryError:
        print(json.dumps({"reason": "it needs more memory than a slide should; check the file or copy it again"}))
        return REFUSED
    return 0


def _try_tile(slide: Slide, level: int) -> None:
    """Read the middle tile; a damaged one is no reason to refuse the slide, a crash would be."""
    size, tile = slide.level_dimensions[level], slide.level_tiles[level]
    x, y = size.width // 2 // tile.width * tile.width, size.height // 2 // tile.height * tile.height
    try:
        slide.read(level, x, y, tile.width, tile.height)
    except TileUnreadable:
        return


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limit; the time limit still holds there
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = _MOST_MEMORY if hard == resource.RLIM_INFINITY else min(_MOST_MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
