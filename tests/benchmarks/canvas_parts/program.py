"""The program as it runs when a reader opens a slide: what it sets for its threads, and the process that stands by."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from PySide6.QtWidgets import QLabel

from wsiview.gui.application import start
from wsiview.slide.opening import readiness, standby
from wsiview.slide.slide import SlideUnopenable


@contextmanager
def running_program() -> Iterator[None]:
    """From when its start is over, which is not measured, until its end."""
    application = start()
    words = QLabel("Open a slide")  # stands for the window, which has shown words before a slide is opened
    words.show()
    application.processEvents()
    with readiness():
        with suppress(SlideUnopenable):  # which it answers once it is ready
            standby.has_tried(Path("no slide"), 60)
        words.close()
        yield
    del application
