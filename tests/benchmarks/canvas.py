#!/usr/bin/env python3
"""Measures the canvas against its budgets, on a real slide and on one of 100,000 × 80,000 px.

    python tests/benchmarks/canvas.py [--rounds 3] [--slide FILE …] [--only WORD …] [--window]

Every budget is a ratio to what the same machine does at the same time: painting to one plain copy of a 1920 × 1080
picture into another, waiting for sharp tiles to decoding the file's tiles alone on as many threads. Baselines are
measured in turn with what is compared to them. The maps are synthesised (smooth fields, as large as real classes are),
the slides are real, the big one made with `make_big_slide.py` from the shared folder and kept for the next time.
"""

from __future__ import annotations

import argparse
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from canvas_parts.bench import Bench
from canvas_parts.figures import HEAD, Row
from canvas_parts.layering import measure_layers
from canvas_parts.panning import measure_panning
from canvas_parts.program import running_program
from canvas_parts.slides import REAL, SHARED, big_slide
from canvas_parts.waiting import measure_jumps, measure_opening
from canvas_parts.wandering import wander
from canvas_parts.window import whole_window

PARTS = ("pan", "layers", "open", "jump", "wander", "window")


def table(path: Path, rounds: int, parts: Sequence[str]) -> None:
    print(f"\n{path.name}\n{HEAD}")
    if "open" in parts:
        tell(measure_opening(path, max(2, rounds)))
    bench = Bench(path)
    bench.show()
    for part, measure in (("pan", measure_panning), ("layers", measure_layers), ("jump", measure_jumps)):
        if part in parts:
            tell(measure(bench, rounds))
    if "wander" in parts:
        bench.canvas.set_layers(bench.stack)
        print(*wander(bench), sep="\n")
    bench.close()
    bench.canvas.close()
    if "window" in parts:
        with whole_window(path) as (within, window):
            tell(replace(row, name=f"window: {row.name}") for row in measure_panning(within, rounds, window))


def tell(rows: Iterator[Row]) -> None:
    for row in rows:
        print(row, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--slide", type=Path, nargs="*", help="other slides than the two")
    parser.add_argument("--only", nargs="*", choices=PARTS, default=PARTS)
    arguments = parser.parse_args()
    if not SHARED.exists():
        raise SystemExit(f"needs the shared folder; {SHARED} is not there")
    with running_program():
        for path in arguments.slide or (REAL, big_slide()):
            table(path, arguments.rounds, arguments.only)
    left = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    if left:
        print("threads left:", left)


if __name__ == "__main__":
    main()
