#!/usr/bin/env python3
"""Pans the whole window while a map is computed, and while none is, in turn.

    python tests/benchmarks/pan_while_mapping.py [--rounds 4] [--frames 300] [--slide FILE]

A frame is what the window's thread does for one step of the mouse: the mouse, tiles and blocks that have arrived, and
the picture. The map is computed by the window's own child process, with `pcam-vgg16-quarter` and a clustering that is
fitted here first. In each round the same circles are drawn first with the child idle, then with it at work.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from canvas_parts.bench import until
from canvas_parts.figures import SIZE, Blit
from canvas_parts.panning import circle, pan_frames
from canvas_parts.slides import REAL, SHARED, big_slide
from PySide6.QtWidgets import QApplication

from wsiview.gui.application import make_window, start
from wsiview.gui.main_window import MainWindow

MODEL = SHARED / "data/models/pcam-vgg16-quarter"
LIMIT = 1.5
"""95th percentile with the child at work, over that without."""


def fitted(folder: Path) -> Path:
    """A clustering for the map that is computed meanwhile."""
    path = folder / "six.clustering"
    words = ["fit", str(REAL), "--model", str(MODEL), "-k", "6", "--out", str(path)]
    subprocess.run([sys.executable, "-m", "wsiview", *words], check=True, stdout=subprocess.DEVNULL)
    return path


def opened(slide: Path, clustering: Path) -> MainWindow:
    """The window on a slide, at 1:1 in its middle, with nothing computed."""
    start()
    window = make_window()
    window.setGeometry(0, 0, SIZE.width, SIZE.height)
    window.show()
    session = window.session
    session.choose_model(MODEL)
    session.open_slide(slide)
    until(lambda: session.slide is not None and session.bundle is not None)
    canvas = window.canvas
    canvas.set_viewport(replace(canvas.viewport, downsample=1.0))
    session.choose_clustering(clustering)
    until(lambda: session.computing)
    return window


def pan(window: MainWindow, frames: int) -> tuple[list[float], Blit]:
    """ms of each step of a circle."""
    blit = Blit()
    return pan_frames(window.canvas, circle(frames, 250), blit), blit


def measure(slide: Path, rounds: int, frames: int) -> bool:
    """Print the table; whether the budget is kept."""
    with tempfile.TemporaryDirectory() as name:
        os.environ["WSIVIEW_DATA"], os.environ["WSIVIEW_CACHE"] = f"{name}/data", f"{name}/cache"
        window = opened(slide, fitted(Path(name)))
        session = window.session
        without: list[float] = []
        during: list[float] = []
        blits: list[float] = []
        for n in range(rounds + 1):
            until(lambda: session.computing and session.grids is not None and bool(session.grids.blocks))
            at_work, first = pan(window, frames)
            if not session.computing:
                raise SystemExit("the map was finished before the measurement: take a larger slide")
            session.cancel()
            until(lambda: not session.computing)
            until(lambda: window.canvas.is_sharp)
            idle, second = pan(window, frames)
            session.explain()
            if n:  # the first round warms up
                without += idle
                during += at_work
                blits += [*first.times, *second.times]
        session.cancel()
        until(lambda: not session.computing)
        window.close()
        window.deleteLater()
        QApplication.processEvents()
    base = float(np.median(blits))
    print(f"a plain copy of the picture takes {base:.2f} ms")
    for words, times in (("no map computed", without), ("a map computed meanwhile", during)):
        low, high, worst = np.percentile(times, [50, 95, 99])
        print(f"{words:<28} median {low:6.2f} ms   p95 {high:6.2f} ms   p99 {worst:6.2f} ms   ({high / base:.1f}× p95)")
    ratio = float(np.percentile(during, 95) / np.percentile(without, 95))
    print(f"p95 with over without: {ratio:.2f}× (budget {LIMIT}×) {'pass' if ratio <= LIMIT else 'OVER'}")
    return ratio <= LIMIT


def main() -> int:
    """Measure and say how it went."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--slide", type=Path, help="default: a slide of 100,000 × 80,000 px, made here")
    options = parser.parse_args()
    slide = options.slide or big_slide()
    return 0 if measure(slide, options.rounds, options.frames) else 1


if __name__ == "__main__":
    sys.exit(main())
