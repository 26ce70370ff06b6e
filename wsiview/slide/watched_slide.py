"""Watched slide: a slide that notices when its files go away or are replaced, and never shows a mixture."""

from __future__ import annotations

import enum
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from wsiview.errors import SlideError
from wsiview.slide.file_stamp import FileStamp, files_of, stamps
from wsiview.slide.fingerprint import slide_fingerprint
from wsiview.slide.screen_reader import ScreenReader
from wsiview.slide.slide import Pixels, Slide, SlideUnopenable, SlideVanished, TileUnreadable
from wsiview.slide.wrapped_slide import WrappedSlide

_GONE = "the file can't be reached any more; check the disk or network connection"
_CLOSED = "the slide was closed; open it again"


class SlideReplaced(SlideError):
    """A slide whose file is another one by now; nothing of it is shown before it is opened again."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path.name} was replaced while it was open; open it again")
        self.path = path


class Presence(enum.Enum):
    """What became of a slide's files since it was opened."""

    THERE = "there"
    GONE = "gone"
    REPLACED = "replaced"


class WatchedSlide(WrappedSlide):
    """Looks at its files after every read, so that pixels from before and after a change never meet.

    `presence` is what was seen last; once replaced, it stays so.

    Parameters
    ----------
    inner
        The slide.
    files, known
        Its files, and their stamps from before it was opened.

    Raises
    ------
    OSError
        If the files can't be read.
    """

    def __init__(self, inner: Slide, files: Sequence[Path], known: Sequence[FileStamp]) -> None:
        """Take all to be well."""
        super().__init__(inner)
        self._files, self._known = tuple(files), tuple(known)
        self._quick = inner if isinstance(inner, ScreenReader) else None
        self._ends = self._digest()
        self.presence = Presence.THERE
        self._closed = False

    def look(self) -> Presence:
        """See what became of the files; may take long where a network share is gone."""
        if self.presence is not Presence.REPLACED:
            try:
                found = stamps(self._files)
            except OSError:
                self.presence = Presence.GONE
            else:
                same = found == self._known or self._only_numbered_anew(found)
                self.presence = Presence.THERE if same else Presence.REPLACED
        return self.presence

    def read(self, level: int, x: int, y: int, width: int, height: int) -> Pixels:
        """Pixels of one level, see `Slide.read`.

        Raises
        ------
        TileUnreadable, SlideVanished
            As of `Slide.read`.
        SlideReplaced
            If the file is another one by now.
        """
        place = self.path, level, x, y, width, height
        if self.presence is Presence.REPLACED:
            raise SlideReplaced(self.path)
        try:
            pixels = self.inner.read(level, x, y, width, height)
        except Exception as error:  # whatever a reader stumbles over, it matters first whether the file is there
            if self._closed:
                raise TileUnreadable(*place, _CLOSED) from error
            presence = self.look()
            if presence is Presence.REPLACED:
                raise SlideReplaced(self.path) from error
            if presence is Presence.GONE:
                raise SlideVanished(*place, _GONE) from error
            if isinstance(error, OSError):
                raise TileUnreadable(*place, f"the disk can't read it ({error.strerror or error})") from error
            raise
        if self.look() is Presence.REPLACED:
            raise SlideReplaced(self.path)
        return pixels

    def read_bgra(self, level: int, x: int, y: int, width: int, height: int, out: Pixels) -> bool:
        """Pixels of one level for a screen, see `ScreenReader.read_bgra`; what is wrong is said by `read`."""
        if self._quick is None or self.presence is Presence.REPLACED:
            return False
        return self._quick.read_bgra(level, x, y, width, height, out) and self.look() is not Presence.REPLACED

    def close(self) -> None:
        """Let go of the file, on a thread of its own: where a share is gone, even that may hang."""
        self._closed = True
        threading.Thread(target=self.inner.close, name="slide-closing", daemon=True).start()

    def _only_numbered_anew(self, found: tuple[FileStamp, ...]) -> bool:
        """Whether the same files came back under other numbers, as they do on some network shares."""
        if [stamp.content for stamp in found] != [stamp.content for stamp in self._known]:
            return False
        try:
            same = self._digest() == self._ends
        except OSError:
            return True  # gone again, which the next look says
        if same:
            self._known = found
        return same

    def _digest(self) -> str:
        return slide_fingerprint(self._files, self.dimensions, ())


def open_watched(path: Path, open_slide: Callable[[Path], Slide]) -> WatchedSlide:
    """Open a slide and watch its files from before that on.

    Raises
    ------
    SlideUnopenable
        As of `open_slide`; or if the file is written to at this moment.
    """
    try:
        files = files_of(path)
        known = stamps(files)
    except OSError:  # of which opening it says more
        files, known = (), ()
    slide = open_slide(path)
    try:
        _ = slide.fingerprint  # reads up to 2 MiB a file
        watched = WatchedSlide(slide, files, known)
        if watched.look() is Presence.THERE:
            return watched
        reason = "it is being written to; open it again when that has ended"
    except (OSError, SlideVanished):
        reason = _GONE
    slide.close()
    raise SlideUnopenable(path, reason)
