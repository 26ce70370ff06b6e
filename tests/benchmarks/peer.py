#!/usr/bin/env python3
"""Measures a peer and ours on the same slide: open until sharp, and jump to unvisited places at 1:1 until sharp.

    python tests/benchmarks/peer.py [SLIDE …] [--jumps 20] [--seed 1]

The peer is OpenSeadragon (canvas drawer) in headless Chromium, fed by OpenSlide's Deep Zoom generator over loopback
(JPEG quality 75, tiles of 254 px with 1 px overlap, as in OpenSlide's examples), all from public packages. Both show
1920 × 1080 px and jump to the same places. Before each jump ours forgets what it has decoded, and the peer is opened
anew, since it and the browser keep what they have. Chromium or npm missing, or no registry to be reached: it says so
and ends with status 0.

What is counted, in ms of the same machine in the same run:
  open, cold   until the whole slide is sharp and drawn. Ours: from the call that tries the file in a process of its own
               and opens it, in a process that has just started. The peer: from going to the page, in a Chromium that
               has just started. Starting either program is not counted.
  open, warm   the same in a program that has opened slides before; ours still tries the file, the peer has loaded page
               and script, and is counted from creating its viewer.
  jump         from the call that moves the view until all of it is sharp and drawn; for the peer the browser's own
               compositing after that is not counted.

OpenSeadragon asks for one tile a frame unless told otherwise, which alone takes as long as most of what is measured;
so it is measured as it comes, and again asking for all tiles at once. The second is the fairer opponent.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import signal
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import openslide
from canvas_parts.slides import REAL, SHARED, big_slide
from peer_parts.browser import PeerMissing, chromium, openseadragon
from peer_parts.measuring import ALL_AT_ONCE, HEIGHT, WIDTH, measure_peer

PERIODIC = SHARED / "data/slides/large/gigapixel-cmu-periodic.tiff"


def places_on(slide_path: Path, count: int, seed: int) -> list[tuple[float, float]]:
    """Middles of views that lie on the slide as a whole, or as far as it reaches."""
    rng = random.Random(seed)
    with openslide.OpenSlide(slide_path) as slide:
        sides = slide.dimensions
    halves = [min(view, side) // 2 for view, side in zip((WIDTH, HEIGHT), sides, strict=True)]
    return [
        tuple(float(rng.randint(half, side - half)) for half, side in zip(halves, sides, strict=True))
        for _ in range(count)
    ]


def line(name: str, values: Sequence[float], ours: Sequence[float] | None = None) -> str:
    words = f"  {name:<46}{median(values):9.1f}   {min(values):.0f}–{max(values):.0f}"
    return words if ours is None else f"{words:<78}{median(values) / median(ours):6.1f} ×"


@dataclass(frozen=True)
class OurFigures:
    """The same for ours."""

    cold_ms: float
    warm_ms: float
    jump_ms: list[float]


def measure_ours(slide_path: Path, places: Sequence[tuple[float, float]]) -> OurFigures:
    """To be run in a process that has just started."""
    from canvas_parts.program import running_program
    from canvas_parts.waiting import measure_canvas

    from wsiview.geometry import Point
    from wsiview.slide import tried

    with running_program():
        cold = measure_canvas(slide_path, [])
        tried._harmless.clear()  # else the file would be trusted, and opened sooner
        warm = measure_canvas(slide_path, [Point(*place) for place in places])
    return OurFigures(cold.open_ms, warm.open_ms, warm.jump_ms)


def in_new_process(slide_path: Path, places: Sequence[tuple[float, float]]) -> OurFigures:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(measure_ours, slide_path, places).result()


def compare(slide_path: Path, jumps: int, seed: int, rounds: int) -> None:
    places = places_on(slide_path, jumps, seed)
    print(f"\n{slide_path.name}, {jumps} jumps, {rounds} openings; ms: median, range; how many times ours")
    ours, peers_of = [], {"all tiles at once": [], "as it comes": []}
    for _ in range(rounds):  # in turn, since the machine may be slower for a while
        ours.append(in_new_process(slide_path, places))
        for (_, peers), tiles in zip(peers_of.items(), (ALL_AT_ONCE, 1), strict=True):
            peers.append(measure_peer(slide_path, places, tiles))
    cold, warm = [one.cold_ms for one in ours], [one.warm_ms for one in ours]
    moved = joined(ours, "jump_ms")
    print(line("ours: open, cold", cold), line("ours: open, warm", warm), line("ours: jump", moved), sep="\n")
    for what, peers in peers_of.items():
        print(
            line(f"peer, {what}: open, cold", [one.page_ms for one in peers], cold),
            line(f"peer, {what}: open, warm", joined(peers, "open_ms"), warm),
            line(f"peer, {what}: first tile, warm", joined(peers, "first_ms")),
            line(f"peer, {what}: jump", joined(peers, "jump_ms"), moved),
            sep="\n",
            flush=True,
        )


def joined(figures: Sequence[object], name: str) -> list[float]:
    return [ms for one in figures for ms in getattr(one, name)]


def usual_slides() -> tuple[Path, ...]:
    """A real one, one of 8 gigapixels whose tiles share their bytes, and one of 100,000 × 80,000 px."""
    if not SHARED.exists():
        raise SystemExit(f"needs the shared folder; {SHARED} is not there")
    return REAL, PERIODIC, big_slide()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("slides", nargs="*", type=Path, metavar="SLIDE")
    parser.add_argument("--jumps", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that Chromium is ended too
    try:
        chromium(), openseadragon()
        for path in arguments.slides or usual_slides():
            compare(path, arguments.jumps, arguments.seed, arguments.rounds)
    except PeerMissing as missing:
        print(f"skipped: {missing}")


if __name__ == "__main__":
    sys.exit(main())
