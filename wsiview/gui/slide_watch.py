"""Slide watch: tells when a slide's file goes away, comes back, or was replaced while it was open."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from wsiview.gui.workers import apart
from wsiview.slide.slide import Slide
from wsiview.slide.watched_slide import Presence, WatchedSlide

_PERIOD = 2.0  # s between two looks
_PATIENCE = 6.0  # s that a look may take before the file counts as gone: where a share is dead it takes for ever
_GLANCE_MS = 1000


class SlideWatch(QObject):
    """Looks after the files of the slides in view, each on a thread of its own that may hang.

    Signals
    -------
    changed(Slide, Presence)
        What became of a slide's file.
    """

    changed = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        """Watch nothing yet."""
        super().__init__(parent)
        self._lookouts: dict[int, _Lookout] = {}
        self._glance = QTimer(self)
        self._glance.setInterval(_GLANCE_MS)
        self._glance.timeout.connect(self.glance)

    def watch(self, slides: Sequence[Slide]) -> None:
        """These are in view, and no others."""
        watched = {id(slide): slide for slide in slides if isinstance(slide, WatchedSlide)}
        for key in self._lookouts.keys() - watched.keys():
            self._lookouts.pop(key).leave()
        for key, slide in watched.items():
            if key not in self._lookouts:
                self._lookouts[key] = _Lookout(slide)
        if self._lookouts:
            self._glance.start()
        else:
            self._glance.stop()

    def presence(self, slide: Slide) -> Presence:
        """What is known of a slide's file."""
        lookout = self._lookouts.get(id(slide))
        return lookout.told if lookout is not None else Presence.THERE

    @Slot()
    def glance(self) -> None:
        """Take notice of what has been met by now; asks nobody and waits for nothing."""
        for lookout in list(self._lookouts.values()):
            if (presence := lookout.presence) is not lookout.told:
                lookout.told = presence
                self.changed.emit(lookout.slide, presence)

    def close(self) -> None:
        """Watch no more."""
        self.watch(())


class _Lookout:
    """Looks at one slide's file again and again."""

    def __init__(self, slide: WatchedSlide) -> None:
        self.slide, self.told = slide, Presence.THERE
        self._since = 0.0  # when the look that is going on began; 0 between two
        self._over = threading.Event()
        apart(self._keep_looking, "slide-watch")

    @property
    def presence(self) -> Presence:
        """What was seen last; a file that doesn't answer is gone."""
        since = self._since
        if since and time.monotonic() - since > _PATIENCE and self.slide.presence is Presence.THERE:
            return Presence.GONE
        return self.slide.presence

    def leave(self) -> None:
        """Look no more; a look that hangs is left to itself."""
        self._over.set()

    def _keep_looking(self) -> None:
        while not self._over.wait(_PERIOD):
            self._since = time.monotonic()
            self.slide.look()
            self._since = 0.0
