#!/usr/bin/env python3
"""Maps a big slide with `wsiview map` and reports time and memory.

    python tests/benchmarks/map_big_slide.py [--width 60000] [--height 40000] [--tissue 0.3] [--evaluation dense]
        [--kills 2] [--folder FOLDER]

The slide is made with `make_big_slide.py` from the shared folder out of CMU-1-Small-Region, the model is
`pcam-vgg16-quarter`. The baseline of the same run is the bare network: the mean time of a batch of patches that are
already in memory, times the number of batches. The ratio to it is what reading, averaging, factorising and storing
cost on top, by overlapping patches; the memory is the resident peak of the process and its children, sampled ten times
a second. With `--kills` the same map is made again, by a process that is killed so many times on its way, and compared
with the first in all its arrays.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
import torch
import zarr

from wsiview.explain.request import batch_size
from wsiview.maps.cell_state import COMPUTED
from wsiview.maps.cluster_map import ClusterMap
from wsiview.models.bundle import read_bundle
from wsiview.models.classifier import load_classifier
from wsiview.models.device import set_threads

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("WSIVIEW_SHARED", ROOT.parent / "shared"))
MODEL = SHARED / "data/models/pcam-vgg16-quarter"
SOURCE = SHARED / "data/slides/aperio/CMU-1-Small-Region.svs"
LIMIT = 2 * 2**30
STRIPE = 256


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


def run_watched(command: list[str], kill_after: float = math.inf) -> tuple[float, int, list[dict[str, object]]]:
    """Seconds, peak resident bytes and JSON lines of a command, which is killed after so many seconds."""
    with tempfile.TemporaryFile("w+") as out:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, cwd=ROOT)
        watched, peak = psutil.Process(process.pid), 0
        while process.poll() is None:
            peak = max(peak, resident(watched))
            if time.perf_counter() - started > kill_after:
                for one in (*watched.children(recursive=True), watched):
                    one.kill()
                process.wait()
                return kill_after, peak, []
            time.sleep(0.1)
        seconds = time.perf_counter() - started
        out.seek(0)
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} ended with status {process.returncode}: {out.read()}")
        return seconds, peak, [json.loads(line) for line in out]


def arrays(path: Path) -> dict[str, zarr.Array]:
    group = zarr.open_group(path, mode="r")
    return {name: item for name, item in group.members(max_depth=None) if isinstance(item, zarr.Array)}


def differences(one: Path, other: Path) -> tuple[int, int]:
    """How many stripes of rows all arrays have, and how many of them differ in any bit between two maps."""
    left, right, stripes, differ = arrays(one), arrays(other), 0, 0
    if left.keys() != right.keys():
        raise SystemExit(f"other arrays: {left.keys() ^ right.keys()}")
    for name, array in left.items():
        axis = max(0, array.ndim - 2)
        for start in range(0, array.shape[axis], STRIPE):
            part = (slice(None),) * axis + (slice(start, start + STRIPE),)
            stripes += 1
            differ += np.asarray(array[part]).tobytes() != np.asarray(right[name][part]).tobytes()
    return stripes, differ


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--width", type=int, default=60_000)
    parser.add_argument("--height", type=int, default=40_000)
    parser.add_argument("--tissue", type=float, default=0.3)
    parser.add_argument("--evaluation", choices=("overlap", "dense"), default="overlap")
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="where to put slide and maps for the while; by default /tmp")
    arguments = parser.parse_args()
    if not MODEL.exists():
        raise SystemExit(f"needs the shared folder; {MODEL} is not there")
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        slide, clustering = Path(folder) / "big.svs", Path(folder) / "six.clustering"
        make = [sys.executable, str(SHARED / "tools/make_big_slide.py"), str(SOURCE), str(slide)]
        size = ["--width", str(arguments.width), "--height", str(arguments.height), "--tissue", str(arguments.tissue)]
        subprocess.run([*make, *size], check=True)
        how = ["--model", str(MODEL), "--device", "cpu"]
        # Windows need patches that are larger than what a location sees.
        large = ["--patch", "512", "--stride", "256", "--trim", "2"] if arguments.evaluation == "dense" else []
        fit = wsiview("fit", str(SOURCE), *how, *large, "-k", "6", "--out", str(clustering))
        subprocess.run(fit, check=True, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        how += ["--clustering", str(clustering), "--evaluation", arguments.evaluation, "--json"]
        seconds, peak, lines = run_watched(wsiview("map", str(slide), *how, "--out", f"{folder}/whole"))
        if arguments.kills:
            command = wsiview("map", str(slide), *how, "--out", f"{folder}/killed")
            for after in [seconds * random.uniform(0.2, 0.4) for _ in range(arguments.kills)]:
                peak = max(peak, run_watched(command, after)[1])
                print(f"killed after {after:.0f} s", flush=True)
            took, highest, _ = run_watched(command)
            peak = max(peak, highest)
            print(f"and finished in {took:.0f} s more")
            maps = [next((Path(folder) / name).glob("*.ome.zarr")) for name in ("whole", "killed")]
            stripes, differ = differences(*maps)
            print(f"{differ} of {stripes} stripes of {len(arrays(maps[0]))} arrays differ from those of the whole map")
        found = ClusterMap.open(next((Path(folder) / "whole").glob("*.ome.zarr")))
        cells = int((found.state() == COMPUTED).sum())
    tissue = cells * math.prod(side / 1000 for side in found.attributes["cell_microns"])
    print(f"{arguments.width} × {arguments.height} px, {cells} cells, {tissue:.0f} mm² of tissue")
    print(f"map, {arguments.evaluation}: {seconds:.0f} s, {seconds / tissue:.2f} s a mm²")
    if arguments.evaluation == "overlap":
        patches = int(str(lines[-1]["patches"]))
        bare = bare_batch() * -(-patches // batch_size(read_bundle(MODEL).patch_pixels))
        print(f"bare network: {bare:.0f} s for {patches} patches; ratio {seconds / bare:.2f}")
    print(f"resident peak: {peak / 2**30:.2f} GiB ({'under' if peak < LIMIT else 'OVER'} 2 GiB)")


if __name__ == "__main__":
    main()
