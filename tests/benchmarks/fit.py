#!/usr/bin/env python3
"""Fits K classes to 200,000 feature vectors with `wsiview.clustering.nmf.fit` and with scikit-learn's NMF.

    python tests/benchmarks/fit.py [--classes 6] [--threads 1] [--vectors 200000] [--channels 512]

The baseline of the same run is `sklearn.decomposition.NMF` (coordinate descent, NNDSVDa, its default tolerance and 200
passes), on the same vectors as float32 and as float64, on the same number of threads. Objectives are ‖V − WH‖² in
float64 at each side's own weights. The vectors are planted ones, whose classes must be found again, and, where the
shared folder is there, the last convolution of `pcam-vgg16-quarter` on 5,000 real tiles (180,000 × 128).
Processor seconds are given beside the seconds that passed, since they mind other programs less.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.optimize import linear_sum_assignment
from sklearn.decomposition import NMF
from threadpoolctl import threadpool_limits

from wsiview.clustering.nmf import fit

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("WSIVIEW_SHARED", ROOT.parent / "shared"))
TILES = SHARED / "data/tiles"
MODEL = SHARED / "data/models/pcam-vgg16-quarter"


def planted(n: int, channels: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Unit class vectors (k, channels), and sparse sums of them with noise, clipped at zero (n, channels) float32."""
    rng = np.random.default_rng(0)
    h = rng.gamma(0.3, 1.0, (k, channels))
    w = rng.gamma(0.5, 1.0, (n, k)) * (rng.random((n, k)) < 0.4) * np.sqrt(np.arange(k, 0, -1))
    v = w.astype(np.float32) @ h.astype(np.float32)
    for first in range(0, n, 20_000):
        part = v[first : first + 20_000]
        part += 0.05 * rng.standard_normal(part.shape, dtype=np.float32)
    return h / np.linalg.norm(h, axis=1, keepdims=True), np.maximum(v, 0, out=v)


def real() -> np.ndarray | None:
    """Feature vectors of real tiles, (180000, 128), or None without the shared folder."""
    paths = sorted(path for folder in ("pcam-train", "pcam-valid") for path in (TILES / folder).rglob("*.jpg"))
    if not paths or not MODEL.is_dir():
        return None
    from wsiview.features.overlap import patch_features
    from wsiview.models.bundle import read_bundle
    from wsiview.models.classifier import load_classifier

    classifier = load_classifier(read_bundle(MODEL), "cpu")
    found = []
    for first in range(0, len(paths), 50):
        pixels = np.stack([np.asarray(Image.open(path).convert("RGB")) for path in paths[first : first + 50]])
        found.append(patch_features(classifier, "features.42", pixels, batch=50).activations)
    return np.concatenate(found).reshape(-1, found[0].shape[-1])


def timed(work: Callable[[], object]) -> tuple[float, float, object]:
    """Seconds, processor seconds, and what came of it."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return time.perf_counter() - wall, time.process_time() - cpu, result


def theirs(v: np.ndarray, k: int) -> tuple[float, float, float, int, np.ndarray]:
    """Seconds, processor seconds, objective, passes and class vectors of scikit-learn's fit."""
    model = NMF(k, init="nndsvda", random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not converged after its 200 passes
        wall, cpu, w = timed(lambda: model.fit_transform(v))
    h = model.components_.astype(np.float64)
    strips = (slice(i, i + 8192) for i in range(0, len(v), 8192))
    error = sum(float(np.square(v[one] - np.asarray(w)[one].astype(np.float64) @ h).sum()) for one in strips)
    return wall, cpu, error, model.n_iter_, h / np.linalg.norm(h, axis=1, keepdims=True)


def worst_cosine(found: np.ndarray, truth: np.ndarray) -> float:
    cosine = found @ truth.T
    return float(cosine[linear_sum_assignment(-cosine)].min())


def compare(name: str, v: np.ndarray, k: int, threads: int, truth: np.ndarray | None) -> None:
    print(f"{name}: {v.shape[0]:,} × {v.shape[1]}, K = {k}, {threads} thread(s)", flush=True)
    with threadpool_limits(threads):
        others = {kind.__name__: theirs(v.astype(kind), k) for kind in (np.float32, np.float64)}
    wall, cpu, ours = timed(lambda: fit(v, k, threads=threads))
    again = fit(v, k, threads=3 - min(threads, 2)).class_vectors.tobytes() == ours.class_vectors.tobytes()
    error = ours.objective[-1]
    extra = "" if truth is None else f"; worst matched cosine {worst_cosine(ours.class_vectors, truth):.5f}"
    print(f"  wsiview              {wall:6.2f} s ({cpu:6.2f} processor s), {error:.8g}{extra}")
    print(f"    after each pass: {', '.join(f'{one:.8g}' for one in ours.objective)}")
    print(f"    equal bits on another number of threads: {again}")
    for kind, (other, other_cpu, other_error, passes, h) in others.items():
        extra = "" if truth is None else f"; worst matched cosine {worst_cosine(h, truth):.5f}"
        print(f"  scikit-learn {kind} {other:6.2f} s ({other_cpu:6.2f}), {other_error:.8g} in {passes} passes{extra}")
        print(
            f"    wsiview is {other / wall:.1f} × faster ({other_cpu / cpu:.1f} × in processor time), "
            f"its objective {error / other_error - 1:+.1e}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--classes", type=int, default=6)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--vectors", type=int, default=200_000)
    parser.add_argument("--channels", type=int, default=512)
    given = parser.parse_args()
    truth, v = planted(given.vectors, given.channels, given.classes)
    compare("planted", v, given.classes, given.threads, truth)
    del v
    features = real()
    if features is None:
        print(f"real features: skipped, because {TILES} is not there")
    else:
        compare("real", features, given.classes, given.threads, None)


if __name__ == "__main__":
    main()
