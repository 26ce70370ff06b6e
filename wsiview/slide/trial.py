"""Trial: opens a file and reads a tile of each level, in a process that a hostile file may kill.

Run as `python -m wsiview.slide.trial FILE`; status 0 if the file opens, 3 with a JSON reason on stdout if refused.

Without FILE it stands by: it reads paths from stdin and answers each on stdout, all as JSON lines, until stdin ends. An
answer's "reason" is null if the file opens, and "direct" says whether our own reader is found to show what OpenSlide
shows. Of what is more than a refusal it dies, and a fresh process may see.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue

from wsiview.slide.opening import load_readers, open_slide
from wsiview.slide.slide import Slide, SlideUnopenable, TileUnreadable
from wsiview.slide.trial_process import REFUSED

_MOST_MEMORY = 4 << 30


def main(path: Path, use: Callable[[Slide], None] = lambda slide: None) -> int:
    """Try the file, and use it once it is found harmless; the exit status says what became of it."""
    _limit_memory()
    try:
        _try(path, use)
    except SlideUnopenable as refused:
        print(json.dumps({"reason": refused.reason}))
        return REFUSED
    except MemoryError:
        print(json.dumps({"reason": "it needs more memory than a slide should; check the file or copy it again"}))
        return REFUSED
    return 0


def stand_by() -> None:
    """Try the files that stdin names, one after the other."""
    _limit_memory()
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no answer
    asked: SimpleQueue[str] = SimpleQueue()
    threading.Thread(target=_hear, args=(asked,), daemon=True).start()
    try:
        load_readers()
        while True:
            path, reason, direct = Path(asked.get()), None, False
            try:
                direct = _try(path)
            except SlideUnopenable as refused:
                reason = refused.reason
            print(json.dumps({"reason": reason, "direct": direct}), file=answers, flush=True)
    finally:
        os._exit(1)  # at once, since the other thread holds stdin


def _hear(asked: SimpleQueue[str]) -> None:
    for line in sys.stdin.buffer:
        asked.put(json.loads(line))
    os._exit(0)  # whoever asked is gone; this ends a file that hangs, too


def _try(path: Path, use: Callable[[Slide], None] = lambda slide: None) -> bool:
    """Whether it is our own reader that shows the slide."""
    with open_slide(path) as slide:
        from wsiview.slide.tiff_reader import TiffReader

        for level in range(len(slide.level_dimensions)):
            _try_tile(slide, level)
        use(slide)
        return isinstance(slide, TiffReader)


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
    if len(sys.argv) == 1:
        stand_by()
    sys.exit(main(Path(sys.argv[1])))
