#!/usr/bin/env python3
"""Maps a big slide with `wsiview map` and reports time and memory.

    python tests/benchmarks/map_big_slide.py [--width 60000] [--height 40000] [--tissue 0.3]

The slide is made with `make_big_slide.py` from the shared folder out of CMU-1-Small-Region, the model is
`pcam-vgg16-quarter`. The baseline of the same run is the bare network: the mean time of a batch of patches that are
already in memory, times the number of batches. The ratio to it is what reading, averaging, factorising and storing
cost on top; the memory is the resident peak of the process and its children, sampled ten times a second.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
import torch

from wsiview.explain.request import batch_size
from wsiview.models.bundle import read_bundle
from wsiview.models.classifier import load_classifier
from wsiview.models.device import set_threads

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("WSIVIEW_SHARED", ROOT.parent / "shared"))
MODEL = SHARED / "data/models/pcam-vgg16-quarter"
SOURCE = SHARED / "data/slides/aperio/CMU-1-Small-Region.svs"
LIMIT = 2 * 2**30


def wsiview(*words: str) -> list[str]:
    return [sys.executable, "-m", "wsiview", *words]


def bare_batch(repeats: int = 30) -> float:
    """Seconds of one forward pass of a full batch, in this process, on all cores."""
    bundle = read_bundle(MODEL)
    classifier = load_classifier(bundle, "cpu")
    set_threads(None)
    side = bundle.patch_pixels
    shape = (batch_size(side), side, side, 3)
    pixels = np.random.default_rng(0).integers(0, 255, shape, np.uint8)
    times = []
    with torch.no_grad():
        for _ in range(repeats):
            started = time.perf_counter()
            classifier.forward(classifier.normalise(pixels))
            times.append(time.perf_counter() - started)
    return float(np.median(times[5:]))


def resident(process: psutil.Process) -> int:
    """Resident bytes of a process and its children; 0 when it has just ended."""
    try:
        return sum(one.memory_info().rss for one in (process, *process.children(recursive=True)))
    except psutil.Error:
        return 0


def run_watched(command: list[str]) -> tuple[float, int, list[dict[str, object]]]:
    """Seconds, peak resident bytes and JSON lines of a command."""
    with tempfile.TemporaryFile("w+") as out:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, cwd=ROOT)
        watched, peak = psutil.Process(process.pid), 0
        while process.poll() is None:
            peak = max(peak, resident(watched))
            time.sleep(0.1)
        seconds = time.perf_counter() - started
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} ended with status {process.returncode}")
        out.seek(0)
        return seconds, peak, [json.loads(line) for line in out]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--width", type=int, default=60_000)
    parser.add_argument("--height", type=int, default=40_000)
    parser.add_argument("--tissue", type=float, default=0.3)
    arguments = parser.parse_args()
    if not MODEL.exists():
        raise SystemExit(f"needs the shared folder; {MODEL} is not there")
    with tempfile.TemporaryDirectory() as folder:
        slide, clustering = Path(folder) / "big.svs", Path(folder) / "six.clustering"
        make = [sys.executable, str(SHARED / "tools/make_big_slide.py"), str(SOURCE), str(slide)]
        size = ["--width", str(arguments.width), "--height", str(arguments.height), "--tissue", str(arguments.tissue)]
        subprocess.run([*make, *size], check=True)
        fit = wsiview("fit", str(SOURCE), "--model", str(MODEL), "-k", "6", "--out", str(clustering), "--device", "cpu")
        subprocess.run(fit, check=True, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        where = ["--clustering", str(clustering), "--out", folder, "--device", "cpu", "--json"]
        seconds, peak, lines = run_watched(wsiview("map", str(slide), "--model", str(MODEL), *where))
    patches = int(str(lines[-1]["patches"]))
    bare = bare_batch() * -(-patches // batch_size(read_bundle(MODEL).patch_pixels))
    tissue = patches * (48 * 0.972e-3) ** 2
    print(f"{arguments.width} × {arguments.height} px, {patches} patches, about {tissue:.0f} mm² of tissue")
    print(f"map: {seconds:.0f} s, {seconds / tissue:.2f} s a mm²")
    print(f"bare network: {bare:.0f} s; ratio {seconds / bare:.2f}")
    print(f"resident peak: {peak / 2**30:.2f} GiB ({'under' if peak < LIMIT else 'OVER'} 2 GiB)")


if __name__ == "__main__":
    main()
