"""Window: the whole of it, around a canvas as large as the others."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtWidgets import QWidget

from canvas_parts.bench import Bench, until
from canvas_parts.figures import SIZE


@contextmanager
def whole_window(path: Path) -> Iterator[tuple[Bench, QWidget]]:
    """The program's window, its canvas as large as the others', with the map shown through its session."""
    from wsiview.gui.application import make_window, start

    with tempfile.TemporaryDirectory() as folder:
        os.environ["WSIVIEW_DATA"] = os.environ["WSIVIEW_CACHE"] = folder
        start()
        window = make_window()
        window.show()
        window.session.open_path(path)
        until(lambda: window.canvas.slide is not None)
        extra = SIZE.width - window.canvas.width(), SIZE.height - window.canvas.height()
        window.resize(window.width() + extra[0], window.height() + extra[1])
        until(lambda: window.canvas.is_sharp)
        bench = Bench(path, window.canvas)
        session = window.session
        session.grids, session.layers = bench.grids, bench.stack
        session.map_changed.emit(bench.grids)
        session.layers_changed.emit(bench.stack)
        yield bench, window
        window.close()
        window.deleteLater()
        bench.slide.close()
